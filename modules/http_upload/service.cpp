#include "modules/http_upload/service.h"

#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "modules/http_upload/slot_request.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"

namespace clarion::http_upload {

namespace {

using core::Context;
using core::IqAnswer;
using core::IqRequest;
using Condition = StanzaErrorCondition;

constexpr Logger logger{"http-upload"};

/// Accounts of the hosts that a domain is there for, and nobody else.
bool may_ask(const Uploads& self, std::string_view domain, const Jid& who) {
    return who.has_local() && self.context().domains().is_host(who.domain()) &&
           self.domain_for(who.domain()) == domain;
}

SlotRefusal refusal_of(const Clock& clock, const Shortage& shortage) {
    using enum Shortage::Of;
    std::string text;
    switch (shortage.of) {
        case bytes: text = "Quota reached. Your files take all the room that they may"; break;
        case files: text = "Quota reached. You have as many files as you may"; break;
        case day: text = "Quota reached. You have uploaded as much as you may in a day"; break;
    case slots: text = "You have asked for many slots within a short time"; break;
    }
    SlotRefusal refusal{{Condition::resource_constraint, StanzaErrorType::wait, std::move(text)}};
    if (shortage.again) refusal.again = clock.on_calendar(*shortage.again);
    return refusal;
}

Slot make_slot(const IqRequest& request, SlotRequest wanted, LastingTime ends) {
    return {.id = make_id(),
            .account = std::string(request.from.bare()),
            .domain = std::string(request.host),
            .size = wanted.size,
            .name = std::move(wanted.name),
            .type = std::move(wanted.type),
            .purpose = wanted.purpose,
            .expire_before = wanted.expire_before,
            .ends = ends};
}

IqAnswer answer_with(const Uploads& self, const Stanza& request, const Slot& slot) {
    auto result = make_result(request);
    xml::Element& element = result->root().add("slot", ns::http_upload);
    xml::Element& put = element.add("put");
    const UploadOptions& options = self.options(slot.domain);
    if (options.is_external()) {
        const auto urls = external_urls(slot, options.external_base_url, options.external_secret);
        put.set_attr("url", urls.put);
        element.add("get").set_attr("url", urls.get);
        return result;
    }
    const std::string url = self.base_url(slot.domain) + path_of(slot);
    put.set_attr("url", url);
    put.add("header")
        .set_attr("name", "Authorization")
        .add_text(make_authorization(slot, self.key()));
    element.add("get").set_attr("url", url);
    return result;
}

IqAnswer refuse(const Stanza& request, const SlotRefusal& refusal) {
    counts().refused.add();
    return make_refusal(request, refusal);
}

/// At the account's home; nullopt: the slot is given.
Task<Result<std::optional<Shortage>>> reserve(Context& here, const Slot& slot) {
    std::optional<Shortage> shortage;
    AtHome note = [&slot, &shortage](Uploads& there, core::Account& account) -> Result<> {
        const UploadOptions& options = there.options(slot.domain);
        const auto state = options.is_external() ? SlotState::elsewhere : SlotState::open;
        shortage = there.ledger().reserve(account, slot, state, options);
        return {};
    };
    const auto done = co_await change_at_home(here, slot.account, std::move(note));
    if (!done) co_return done.error();
    co_return shortage;
}

}  // namespace

Task<IqAnswer> answer(Uploads& self, IqRequest request) {
    const Stanza& stanza = *request.stanza;
    if (!self.offers(request.host)) co_return StanzaError(Condition::service_unavailable);
    if (!may_ask(self, request.host, request.from)) {
        counts().refused.add();
        co_return StanzaError(Condition::forbidden, "only users of this server may upload files");
    }
    const Clock& clock = self.context().clock();
    const UploadOptions& options = self.options(request.host);
    auto verdict = judge_request(request.payload(), options, clock.wall());
    if (const auto* refused = std::get_if<SlotRefusal>(&verdict))
        co_return refuse(stanza, *refused);
    const Slot slot = make_slot(request, std::get<SlotRequest>(std::move(verdict)),
                                clock.lasting() + options.slot_time);
    const auto shortage = co_await reserve(self.context(), slot);
    if (!shortage) {
        counts().refused.add();
        co_return to_stanza_error(shortage.error());
    }
    if (*shortage) co_return refuse(stanza, refusal_of(clock, **shortage));
    counts().slots.add();
    logger.debug("slot", {{"account", slot.account}, {"bytes", slot.size}});
    co_return answer_with(self, stanza, slot);
}

void describe(const UploadOptions& options, DiscoInfo& info) {
    info.add_identity("store", "file", options.name);
    info.add_feature(ns::http_upload);
    for (const std::string_view purpose : purpose_names)
        if (options.keeps(*parse_purpose(purpose)))
            info.add_feature(std::string(ns::http_upload_purpose) + "#" + std::string(purpose));
    DataForm form = DataForm::make("result", ns::http_upload);
    form.add("max-file-size", std::to_string(options.largest(Purpose::message)));
    info.forms.push_back(std::move(form));
}

void UploadService::describe(xml::Element& query, core::Actor*) {
    DiscoInfo info;
    http_upload::describe(uploads_.options(domain_), info);
    if (uploads_.offers(domain_)) info.append_to(query);
}

}  // namespace clarion::http_upload
