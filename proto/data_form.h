// DataForm: a form as XEP-0004 carries it, for reading settings and writing offers and results.
//
// A plain value that owns its texts; any thread. Reading keeps what a program acts on (var, type,
// values); labels, options and table rows are kept as well, so that a form survives being passed
// on. Source: XEP-0004, XEP-0068 (FORM_TYPE), XEP-0128 (forms in disco#info).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/xml.h"

namespace clarion {

struct DataFormOption {
    std::string label;
    std::string value;
};

/// What a field's values must be like (XEP-0122). Written, not read: the server checks itself what is
/// submitted.
struct DataFormValidation {
    std::string datatype = "xs:string";
    bool open = false;  // values beside the options may be given
    std::string min{};  // of a range; empty: no bound
    std::string max{};
};

struct DataFormField {
    std::string var;
    std::string type;  // "text-single", "boolean", "list-single", "hidden", …; empty: not said
    std::vector<std::string> values;
    std::string label;
    std::string desc;
    std::vector<DataFormOption> options;  // of list-single and list-multi
    bool required = false;
    std::optional<DataFormValidation> validation{};

    /// The first value; empty if there is none.
    std::string_view value() const { return values.empty() ? std::string_view{} : values.front(); }
    /// "1"/"true" and "0"/"false" (XEP-0004, 3.3); nothing for any other text or none.
    std::optional<bool> boolean() const;
};

struct DataForm {
    using Row = std::vector<DataFormField>;

    std::string type = "form";  // "form" | "submit" | "cancel" | "result"
    std::string title;
    std::string instructions;
    std::vector<DataFormField> fields;
    std::vector<DataFormField> reported;  // columns of a table (XEP-0004, 3.4)
    std::vector<Row> items;               // its rows

    /// A form of this type that begins with the hidden field FORM_TYPE (none if it is empty).
    static DataForm make(std::string_view type, std::string_view form_type = {});
    /// Reads `<x xmlns='jabber:x:data'/>`. `untyped`: the type of a form that does not say; empty: it
    /// must. Errors: "bad-request" if it is no form.
    static Result<DataForm> from_element(const xml::Element& x, std::string_view untyped = {});
    /// The first form among `parent`'s children whose FORM_TYPE is `form_type` (any if empty);
    /// nothing if there is none.
    static std::optional<DataForm> find_in(const xml::Element& parent,
                                           std::string_view form_type = {});

    /// The field of that name; nullptr if there is none.
    const DataFormField* field(std::string_view var) const;
    /// Its first value; empty if there is none.
    std::string_view value(std::string_view var) const;
    /// Value of the hidden field FORM_TYPE.
    std::string_view form_type() const { return value("FORM_TYPE"); }

    /// Appends a field and returns it, for label and options.
    DataFormField& add(std::string_view var, std::string_view value, std::string_view type = {});
    DataFormField& add(std::string_view var, std::vector<std::string> values,
                       std::string_view type = {});
    DataFormField& add_boolean(std::string_view var, bool value);

    /// Appends the form as `<x/>`; returns it.
    xml::Element& append_to(xml::Element& parent) const;
};

}  // namespace clarion
