#include "proto/pubsub_config.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"

namespace clarion::pubsub {
namespace {

constexpr std::uint32_t most = 100;

DataForm submitted(std::string_view var, std::vector<std::string> values,
                   std::string_view form_type = ns::pubsub_node_config) {
    DataForm form = DataForm::make("submit", form_type);
    form.add(var, std::move(values));
    return form;
}

/// What becomes of the field, or the error.
std::string after(std::string_view var, std::string_view value) {
    NodeConfig config;
    if (const auto refused = apply_form(config, submitted(var, {std::string(value)}), most))
        return std::string(clarion::name(refused->error.condition)) + "/" + refused->error.app_name;
    return std::string(config_form(config, "form").value(var));
}

TEST_CASE("pubsub config: the form says all, and is read again") {
    NodeConfig config;
    config.title = "T";
    config.access = AccessModel::roster;
    config.roster_groups = {"a", "b"};
    config.max_items = 7;
    config.send_last = SendLast::never;
    config.persist_items = false;
    config.item_expire = 60;
    config.max_payload = 1000;
    config.item_reply = ItemReply::publisher;
    config.full = NodeFull::reject;
    config.notify_sub = true;
    config.subscribe = false;
    config.contacts = {"a@b", "c@d"};
    const DataForm form = config_form(config, "form");
    CHECK(form.form_type() == ns::pubsub_node_config);
    CHECK(form.field("pubsub#access_model")->options.size() == 5);
    NodeConfig again;
    CHECK_FALSE(apply_form(again, form, most));
    CHECK(again == config);
}

TEST_CASE("pubsub config: a form to fill in says what values are good") {
    const NodeLimits limits{.max_items = 9, .max_payload = 99};
    const DataForm form = config_form({}, "form", limits);
    const auto said = [&](std::string_view var) {
        const auto& validation = form.field(var)->validation;
        if (!validation) return std::string();
        return validation->datatype + ' ' + validation->min + ".." + validation->max +
               (validation->open ? " open" : "");
    };
    CHECK(said("pubsub#max_items") == "pubsub:integer-or-max 1..9");
    CHECK(said("pubsub#item_expire") == "pubsub:integer-or-max 1..");
    CHECK(said("pubsub#max_payload_size") == "xs:integer 1..99");
    CHECK(said("pubsub#roster_groups_allowed") == "xs:string .. open");
    CHECK(said("pubsub#title").empty());
    CHECK(form.field("pubsub#max_payload_size")->values.empty());  // "" is no integer
    CHECK_FALSE(config_form({}, "result").field("pubsub#max_items")->validation);
}

TEST_CASE("pubsub config: values are checked, unknown fields change nothing") {
    CHECK(after("pubsub#access_model", "whitelist") == "whitelist");
    CHECK(after("pubsub#access_model", "authorize") == "authorize");
    CHECK(after("pubsub#access_model", "nobody") == "not-acceptable/unsupported-access-model");
    CHECK(after("pubsub#publish_model", "subscribers") == "subscribers");
    CHECK(after("pubsub#publish_model", "nobody") == "not-acceptable/");
    CHECK(after("pubsub#max_items", "max") == "max");
    CHECK(after("pubsub#max_items", "100") == "100");
    CHECK(after("pubsub#max_items", "101") == "not-acceptable/max-items-exceeded");
    CHECK(after("pubsub#max_items", "0") == "not-acceptable/");
    CHECK(after("pubsub#max_items", "many") == "not-acceptable/");
    CHECK(after("pubsub#notify_delete", "0") == "0");
    CHECK(after("pubsub#notify_delete", "perhaps") == "not-acceptable/");
    CHECK(after("pubsub#title", std::string(1001, 't')) == "not-acceptable/");
    for (const char* var : {"pubsub#tempsub", "pubsub#purge_offline",
                            "pubsub#presence_based_delivery", "pubsub#body_xslt"})
        CHECK(after(var, "1") == "not-acceptable/");
    CHECK(after("pubsub#tempsub", "0").empty());
    CHECK(after("pubsub#node_type", "leaf").empty());
    CHECK(after("pubsub#node_type", "collection") == "not-acceptable/");
    CHECK(after("pubsub#item_expire", "3600") == "3600");
    CHECK(after("pubsub#item_expire", "max") == "max");
    CHECK(after("pubsub#item_expire", "0") == "not-acceptable/");
    CHECK(after("pubsub#max_payload_size", "100") == "100");
    CHECK(after("pubsub#max_payload_size", "").empty());
    CHECK(after("pubsub#max_payload_size", "max") == "not-acceptable/");
    CHECK(after("pubsub#itemreply", "publisher") == "publisher");
    CHECK(after("pubsub#publish_node_full", "reject") == "reject");
    CHECK(after("pubsub#notification_type", "normal") == "normal");
    CHECK(after("pubsub#notification_type", "chat") == "not-acceptable/");
    CHECK(after("pubsub#contact", "Romeo@A") == "romeo@a");
    CHECK(after("pubsub#contact", "@a") == "not-acceptable/");
    CHECK(after("pubsub#unknown", "1").empty());
    NodeConfig config;
    CHECK(apply_form(config,
                     submitted("pubsub#roster_groups_allowed", std::vector<std::string>(51, "g")),
                     most));
}

TEST_CASE("pubsub config: publish options make a node, and are asked of one that is there") {
    const auto option = [](std::string_view var, std::string_view value) {
        return submitted(var, {std::string(value)}, ns::pubsub_publish_options);
    };
    NodeConfig config;
    CHECK_FALSE(apply_preconditions(config, option("pubsub#access_model", "whitelist"), most));
    CHECK(config.access == AccessModel::whitelist);
    const auto met = [&](std::string_view var, std::string_view value) {
        const auto refused = check_preconditions(config, option(var, value), most);
        if (refused) CHECK(refused->error.app_name == "precondition-not-met");
        if (refused) CHECK(refused->error.condition == StanzaErrorCondition::conflict);
        return !refused;
    };
    CHECK(met("pubsub#access_model", "whitelist"));
    CHECK_FALSE(met("pubsub#access_model", "open"));
    CHECK_FALSE(met("pubsub#access_model", "nonsense"));
    CHECK(met("pubsub#persist_items", "true"));
    CHECK(met("pubsub#persist_items", "1"));
    CHECK(met("pubsub#tempsub", "false"));
    CHECK_FALSE(met("pubsub#tempsub", "true"));
    CHECK_FALSE(met("pubsub#nothing", "1"));
    CHECK(apply_preconditions(config, option("pubsub#nothing", "1"), most));
    CHECK_FALSE(met("pubsub#max_items", "max"));
    config.max_items = most;
    CHECK(met("pubsub#max_items", "max"));
    config.max_items = NodeConfig::as_many_as_allowed;
    CHECK(met("pubsub#max_items", "max"));
    CHECK_FALSE(met("pubsub#max_items", "7"));
}

TEST_CASE("pubsub config: options of subscriptions") {
    const auto after_option = [](std::string_view var, std::string_view value) {
        SubscribeOptions options;
        const auto refused = apply_options(
            options, submitted(var, {std::string(value)}, ns::pubsub_subscribe_options));
        if (!refused) return std::string(options_form(options, "form").value("pubsub#deliver"));
        CHECK(refused->error.condition == StanzaErrorCondition::bad_request);
        return refused->error.app_name;
    };
    CHECK(after_option("pubsub#deliver", "false") == "0");
    CHECK(after_option("pubsub#deliver", "1") == "1");
    CHECK(after_option("pubsub#deliver", "no") == "invalid-options");
    CHECK(after_option("pubsub#digest", "0") == "1");
    CHECK(after_option("pubsub#digest", "1") == "invalid-options");
    CHECK(after_option("pubsub#include_body", "true") == "invalid-options");
    CHECK(after_option("pubsub#expire", "presence") == "invalid-options");
    CHECK(after_option("pubsub#show-values", "chat") == "invalid-options");
    CHECK(after_option("pubsub#subscription_depth", "all") == "invalid-options");
    CHECK(after_option("pubsub#subscription_type", "items") == "1");
    CHECK(after_option("x-unknown", "1") == "1");
}

TEST_CASE("pubsub config: what others may know of a node") {
    NodeConfig config;
    config.description = "D";
    const DataForm form = meta_data_form(config);
    CHECK(form.form_type() == ns::pubsub_meta_data);
    CHECK(form.value("pubsub#description") == "D");
    CHECK_FALSE(form.field("pubsub#roster_groups_allowed"));
}

}  // namespace
}  // namespace clarion::pubsub
