#include "proto/data_form.h"

#include <algorithm>
#include <utility>

#include "proto/ns.h"

namespace clarion {

namespace {

constexpr std::string_view x_data = ns::data_forms;

bool is_form_type(std::string_view type) {
    return type == "form" || type == "submit" || type == "cancel" || type == "result";
}

DataFormField read_field(const xml::Element& element) {
    DataFormField field;
    field.var = element.attr("var");
    field.type = element.attr("type");
    field.label = element.attr("label");
    for (const xml::Element& child : element.children()) {
        if (child.ns() != x_data) continue;
        if (child.name() == "value") field.values.emplace_back(child.text());
        if (child.name() == "desc") field.desc = child.text();
        if (child.name() == "required") field.required = true;
        if (child.name() != "option") continue;
        field.options.push_back(
            {std::string(child.attr("label")), std::string(child.child_text(x_data, "value"))});
    }
    return field;
}

std::vector<DataFormField> read_fields(const xml::Element& parent) {
    std::vector<DataFormField> fields;
    for (const xml::Element& child : parent.children()) {
        if (child.is(x_data, "field")) fields.push_back(read_field(child));
    }
    return fields;
}

void set_unless_empty(xml::Element& element, std::string_view name, std::string_view value) {
    if (!value.empty()) element.set_attr(name, value);
}

void write_validation(xml::Element& field, const DataFormValidation& validation) {
    xml::Element& element = field.add("validate", ns::data_form_validate);
    element.set_attr("datatype", validation.datatype);
    if (validation.open) {
        element.add("open");
        return;
    }
    if (validation.min.empty() && validation.max.empty()) {
        element.add("basic");
        return;
    }
    xml::Element& range = element.add("range");
    set_unless_empty(range, "min", validation.min);
    set_unless_empty(range, "max", validation.max);
}

void write_field(xml::Element& parent, const DataFormField& field) {
    xml::Element& element = parent.add("field");
    set_unless_empty(element, "var", field.var);
    set_unless_empty(element, "type", field.type);
    set_unless_empty(element, "label", field.label);
    if (!field.desc.empty()) element.add_text_child("desc", field.desc);
    if (field.validation) write_validation(element, *field.validation);
    if (field.required) element.add("required");
    for (const std::string& value : field.values) element.add_text_child("value", value);
    for (const DataFormOption& option : field.options) {
        xml::Element& choice = element.add("option");
        set_unless_empty(choice, "label", option.label);
        choice.add_text_child("value", option.value);
    }
}

}  // namespace

std::optional<bool> DataFormField::boolean() const {
    if (value() == "1" || value() == "true") return true;
    if (value() == "0" || value() == "false") return false;
    return std::nullopt;
}

DataForm DataForm::make(std::string_view type, std::string_view form_type) {
    DataForm form;
    form.type = type;
    if (!form_type.empty()) form.add("FORM_TYPE", form_type, "hidden");
    return form;
}

Result<DataForm> DataForm::from_element(const xml::Element& x, std::string_view untyped) {
    if (!x.is(x_data, "x")) return fail("bad-request", "not a data form");
    const std::string_view type = x.has_attr("type") ? x.attr("type") : untyped;
    if (!is_form_type(type)) return fail("bad-request", "a data form needs a type");
    DataForm form;
    form.type = type;
    form.title = x.child_text(x_data, "title");
    form.instructions = x.child_text(x_data, "instructions");
    form.fields = read_fields(x);
    for (const xml::Element& child : x.children()) {
        if (child.is(x_data, "reported")) form.reported = read_fields(child);
        if (child.is(x_data, "item")) form.items.push_back(read_fields(child));
    }
    return form;
}

std::optional<DataForm> DataForm::find_in(const xml::Element& parent, std::string_view form_type) {
    for (const xml::Element& child : parent.children()) {
        if (!child.is(x_data, "x")) continue;
        auto form = from_element(child);
        if (form.ok() && (form_type.empty() || form->form_type() == form_type)) {
            return std::move(form).value();
        }
    }
    return std::nullopt;
}

const DataFormField* DataForm::field(std::string_view var) const {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.var == var; });
    return found == fields.end() ? nullptr : &*found;
}

std::string_view DataForm::value(std::string_view var) const {
    const DataFormField* found = field(var);
    return found == nullptr ? std::string_view{} : found->value();
}

DataFormField& DataForm::add(std::string_view var, std::string_view value,
                             std::string_view field_type) {
    return add(var, std::vector<std::string>{std::string(value)}, field_type);
}

DataFormField& DataForm::add(std::string_view var, std::vector<std::string> values,
                             std::string_view field_type) {
    DataFormField& fresh = fields.emplace_back();
    fresh.var = var;
    fresh.type = field_type;
    fresh.values = std::move(values);
    return fresh;
}

DataFormField& DataForm::add_boolean(std::string_view var, bool value) {
    return add(var, value ? "1" : "0", "boolean");
}

xml::Element& DataForm::append_to(xml::Element& parent) const {
    xml::Element& x = parent.add("x", x_data);
    x.set_attr("type", type);
    if (!title.empty()) x.add_text_child("title", title);
    if (!instructions.empty()) x.add_text_child("instructions", instructions);
    for (const DataFormField& each : fields) write_field(x, each);
    if (!reported.empty()) {
        xml::Element& header = x.add("reported");
        for (const DataFormField& column : reported) write_field(header, column);
    }
    for (const Row& row : items) {
        xml::Element& item = x.add("item");
        for (const DataFormField& cell : row) write_field(item, cell);
    }
    return x;
}

}  // namespace clarion
