#include "proto/data_form.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace ns = clarion::ns;
using namespace clarion;

namespace {

Result<DataForm> read(std::string_view text) {
    const auto document = xml::parse_element(text, ns::data_forms);
    REQUIRE_FALSE(document.empty());
    return DataForm::from_element(document.root());
}

std::string written(const DataForm& form) {
    xml::Document document("q", "urn:q");
    form.append_to(document.root());
    return xml::to_string(*document.root().first_child());
}

}  // namespace

TEST_CASE("data form: reading a submission") {
    const auto form = read(
        "<x type='submit'><field type='hidden' var='FORM_TYPE'><value>urn:xmpp:mam:2</value>"
        "</field><field var='with'><value>juliet@capulet.lit</value></field>"
        "<field var='ids'><value>1</value><value>2</value></field><field var='none'/>"
        "<field var='flag' type='boolean'><value>true</value></field><other xmlns='urn:o'/></x>");
    REQUIRE(form.ok());
    CHECK(form->type == "submit");
    CHECK(form->form_type() == "urn:xmpp:mam:2");
    CHECK(form->value("with") == "juliet@capulet.lit");
    REQUIRE(form->field("ids") != nullptr);
    CHECK(form->field("ids")->values == std::vector<std::string>{"1", "2"});
    REQUIRE(form->field("none") != nullptr);
    CHECK(form->field("none")->values.empty());
    CHECK(form->value("none").empty());
    CHECK(form->field("absent") == nullptr);
    CHECK(form->field("flag")->boolean() == true);
    CHECK_FALSE(form->field("with")->boolean().has_value());
    CHECK_FALSE(form->field("none")->boolean().has_value());
}

TEST_CASE("data form: booleans have four spellings") {
    DataFormField field;
    const auto boolean = [&](const char* text) {
        field.values = {text};
        return field.boolean();
    };
    CHECK(boolean("1") == true);
    CHECK(boolean("true") == true);
    CHECK(boolean("0") == false);
    CHECK(boolean("false") == false);
    CHECK_FALSE(boolean("yes").has_value());
    CHECK_FALSE(boolean("").has_value());
}

TEST_CASE("data form: what is none") {
    CHECK(read("<x/>").error().code == "bad-request");
    CHECK(read("<x type='odd'/>").error().code == "bad-request");
    CHECK(read("<y type='form'/>").error().code == "bad-request");
    CHECK(read("<x xmlns='urn:other' type='form'/>").error().code == "bad-request");
}

TEST_CASE("data form: a form with everything survives") {
    const std::string text =
        "<x xmlns='jabber:x:data' type='form'><title>Bot</title>"
        "<instructions>Fill in</instructions>"
        "<field type='fixed'><value>Section</value></field>"
        "<field var='name' type='text-single' label='Name'><desc>The name</desc><required/>"
        "<value>x</value></field><field var='kind' type='list-single' label='Kind'>"
        "<value>a</value><option label='First'><value>a</value></option>"
        "<option><value>b</value></option></field></x>";
    const auto form = read(text);
    REQUIRE(form.ok());
    CHECK(form->field("name")->required);
    CHECK(form->field("kind")->options.size() == 2);
    CHECK(written(*form) == text);
}

TEST_CASE("data form: tables") {
    const std::string text =
        "<x xmlns='jabber:x:data' type='result'><reported><field var='jid' type='jid-single' "
        "label='Address'/></reported><item><field var='jid'><value>a@b</value></field></item>"
        "<item><field var='jid'><value>c@d</value></field></item></x>";
    const auto form = read(text);
    REQUIRE(form.ok());
    REQUIRE(form->items.size() == 2);
    CHECK(form->items[1][0].value() == "c@d");
    CHECK(written(*form) == text);
}

TEST_CASE("data form: building") {
    DataForm form = DataForm::make("form", "urn:example");
    form.add("name", "x", "text-single").label = "Name";
    form.add_boolean("on", true);
    form.add("list", std::vector<std::string>{"a", "b"}, "text-multi");
    CHECK(written(form) ==
          "<x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'>"
          "<value>urn:example</value></field><field var='name' type='text-single' label='Name'>"
          "<value>x</value></field><field var='on' type='boolean'><value>1</value></field>"
          "<field var='list' type='text-multi'><value>a</value><value>b</value></field></x>");
    CHECK(written(DataForm::make("cancel")) == "<x xmlns='jabber:x:data' type='cancel'/>");
}

TEST_CASE("data form: what values must be like") {
    DataForm form = DataForm::make("form");
    form.add("n", "1").validation = DataFormValidation{.datatype = "xs:integer", .min = "1"};
    form.add("m", "1").validation = DataFormValidation{.datatype = "xs:date"};
    form.add("o", "1").validation = DataFormValidation{.open = true};
    const std::string_view validate =
        "<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='";
    const auto field = [&](std::string_view var, std::string_view inside) {
        return "<field var='" + std::string(var) + "'>" + std::string(validate) +
               std::string(inside) + "</validate><value>1</value></field>";
    };
    CHECK(written(form) ==
          "<x xmlns='jabber:x:data' type='form'>" + field("n", "xs:integer'><range min='1'/>") +
              field("m", "xs:date'><basic/>") + field("o", "xs:string'><open/>") + "</x>");
}

TEST_CASE("data form: found among other children") {
    const auto document = xml::parse_element(
        "<q xmlns='urn:q'><a/><x xmlns='jabber:x:data'/><x xmlns='jabber:x:data' type='submit'>"
        "<field var='FORM_TYPE'><value>one</value></field></x>"
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>two</value></field>"
        "</x></q>");
    CHECK(DataForm::find_in(document.root())->form_type() == "one");
    CHECK(DataForm::find_in(document.root(), "two")->form_type() == "two");
    CHECK_FALSE(DataForm::find_in(document.root(), "three").has_value());
}
