#include "proto/redact.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion {

namespace {

constexpr std::string_view hidden = "[hidden]";

/// What becomes of an element's text.
enum class Text : std::uint8_t {
    content,   // shown with bodies only
    protocol,  // always shown: it is the protocol's own
    secret,    // never shown, nor that of the elements in it which have no row; attributes are
    sealed,    // of the element nothing but the names of it and of its attributes
};

struct Row {
    std::string_view ns;
    std::string_view name;  // "*": any other of this namespace
    Text text;
};

/// The first row that fits an element decides. An element without a row is sealed if its name says
/// that it is secret, and else like the one it is in, where that is a secret, or content.
constexpr Row rows[] = {
    // Secrets. RFC 6120, 6.4: what is said in a login. Mechanisms and errors are not.
    {ns::sasl, "mechanism", Text::protocol},
    {ns::sasl, "text", Text::protocol},
    {ns::sasl, "*", Text::secret},
    // XEP-0388, 0480, 0484: the same, and tokens, salts and hashes.
    {ns::sasl2, "mechanism", Text::protocol},
    {ns::sasl2, "text", Text::protocol},
    {ns::sasl2, "authorization-identifier", Text::protocol},
    {ns::sasl2, "software", Text::protocol},
    {ns::sasl2, "device", Text::protocol},
    {ns::sasl2, "*", Text::secret},
    {ns::fast, "mechanism", Text::protocol},
    {ns::fast, "*", Text::secret},
    {ns::sasl_upgrade, "upgrade", Text::protocol},
    {ns::sasl_upgrade, "*", Text::secret},
    {ns::scram_upgrade, "*", Text::secret},
    // XEP-0078, and 0077 with its successor: passwords, and keys that prove a registration.
    {ns::auth_legacy, "username", Text::protocol},
    {ns::auth_legacy, "resource", Text::protocol},
    {ns::auth_legacy, "*", Text::secret},
    {ns::register_, "username", Text::protocol},
    {ns::register_, "instructions", Text::protocol},
    {ns::ibr2, "*", Text::secret},
    // XEP-0379, 0401, 0445: invitations.
    {ns::pars, "*", Text::secret},
    {ns::invite, "*", Text::secret},
    {ns::ibr_token, "*", Text::secret},
    // XEP-0220: keys; XEP-0114: the digest that proves a component's secret.
    {ns::dialback, "*", Text::secret},
    {ns::component, "handshake", Text::secret},
    {ns::client, "handshake", Text::secret},
    // XEP-0215: by attributes, see hides_attribute().
    {ns::extdisco, "*", Text::content},
    {ns::extdisco_1, "*", Text::content},
    // XEP-0363: Authorization and Cookie of an upload.
    {ns::http_upload, "header", Text::secret},
    // XEP-0049: what a client keeps here, see copy_content().
    {ns::private_, "*", Text::secret},
    // The key and what is encrypted with it, of notifications (Tigase).
    {ns::tigase_push_encrypt, "*", Text::secret},

    // What is neither secret nor content.
    {ns::stanza_errors, "*", Text::protocol},
    {ns::stream_errors, "*", Text::protocol},
    {ns::client, "show", Text::protocol},
    {ns::client, "priority", Text::protocol},
    {ns::client, "thread", Text::protocol},
    {ns::bind, "*", Text::protocol},
    {ns::bind2, "tag", Text::protocol},
    {ns::stream_limits, "*", Text::protocol},
    {ns::roster, "group", Text::protocol},
    {ns::rsm, "*", Text::protocol},
    {ns::delay, "*", Text::protocol},
    {ns::version, "*", Text::protocol},
    {ns::time, "*", Text::protocol},
    {ns::data_forms, "title", Text::protocol},
    {ns::data_forms, "instructions", Text::protocol},
};

const Row* find_row(const xml::Element& element) {
    const auto fits = [&element](const Row& row) {
        return row.ns == element.ns() && (row.name == "*" || row.name == element.name());
    };
    const auto* found = std::find_if(std::begin(rows), std::end(rows), fits);
    return found == std::end(rows) ? nullptr : found;
}

// ---- Names -------------------------------------------------------------------------------------

/// Anywhere in a name.
constexpr std::array<std::string_view, 8> secret_parts{
    "passw", "passphrase", "secret", "token", "credential", "preauth", "privatekey", "apikey"};
/// As one of its words.
constexpr std::array<std::string_view, 12> secret_words{"pass",   "pwd",  "pw",   "pin",
                                                        "otp",    "totp", "key",  "cookie",
                                                        "bearer", "jwt",  "auth", "authorization"};
/// At its end: "userPass", "encryptionKey".
constexpr std::array<std::string_view, 3> secret_ends{"pass", "pwd", "key"};
/// Of URIs only, besides.
constexpr std::array<std::string_view, 5> secret_parameters{"sig", "signature", "hmac", "code",
                                                            "mac"};

template <class Words>
bool contains(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_word_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

template <class Words>
bool has_word(std::string_view name, const Words& words) {
    while (!name.empty()) {
        std::size_t length = 0;
        while (length < name.size() && is_word_character(name[length])) ++length;
        if (contains(words, name.substr(0, length))) return true;
        name.remove_prefix(std::min(name.size(), length + 1));
    }
    return false;
}

}  // namespace

bool says_secret(std::string_view name) {
    const std::string lower = to_lower_ascii(name);
    const auto is_part = [&lower](std::string_view part) {
        return lower.find(part) != std::string::npos;
    };
    const auto is_end = [&lower](std::string_view end) { return lower.ends_with(end); };
    return std::any_of(secret_parts.begin(), secret_parts.end(), is_part) ||
           std::any_of(secret_ends.begin(), secret_ends.end(), is_end) ||
           has_word(lower, secret_words);
}

// ---- URIs --------------------------------------------------------------------------------------

namespace {

/// Where a URI in running text ends.
bool ends_uri(char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>' || c == '"' || c == '\'';
}

bool parts_parameters(char c) { return c == '?' || c == ';' || c == '&' || c == '#'; }

/// `tail`: a URI from its first '?' or '#' on.
void append_parameters(std::string& out, std::string_view tail) {
    while (!tail.empty()) {
        out += tail.front();
        tail.remove_prefix(1);
        std::size_t end = 0;
        while (end < tail.size() && !parts_parameters(tail[end])) ++end;
        const std::string_view parameter = tail.substr(0, end);
        const std::size_t equals = parameter.find('=');
        const std::string_view name = parameter.substr(0, equals);
        const bool secret =
            equals != std::string_view::npos &&
            (says_secret(name) || has_word(to_lower_ascii(name), secret_parameters));
        if (secret)
            out.append(name).append("=").append(hidden);
        else
            out.append(parameter);
        tail.remove_prefix(end);
    }
}

/// One piece of text without white space: a URI, or a word.
void append_piece(std::string& out, std::string_view piece, bool fragments) {
    const std::size_t scheme = piece.find("://");
    const std::size_t tail = piece.find_first_of("?#");
    if (tail == std::string_view::npos || piece.find(':') >= tail) {
        out.append(piece);
        return;
    }
    out.append(piece.substr(0, tail));
    const std::string_view before = piece.substr(0, scheme);
    const bool web = before.ends_with("http") || before.ends_with("https");
    // The fragment of a web address is often part of a name ("…/disco#info").
    if (scheme < tail && (!web || piece[tail] == '?' || fragments)) {
        out += piece[tail];
        out.append(hidden);
        return;
    }
    append_parameters(out, piece.substr(tail));
}

}  // namespace

std::string redact_uris(std::string_view text, bool fragments) {
    std::string out;
    while (!text.empty()) {
        std::size_t end = 0;
        while (end < text.size() && !ends_uri(text[end])) ++end;
        append_piece(out, text.substr(0, end), fragments);
        if (end < text.size()) out += text[end++];
        text.remove_prefix(end);
    }
    return out;
}

// ---- The copy ----------------------------------------------------------------------------------

namespace {

std::string measure(std::string_view text) {
    const auto characters = std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    });
    return '[' + std::to_string(characters) + (characters == 1 ? " character]" : " characters]");
}

/// "https://host/[hidden]": the rest of an upload slot's address may be all that it takes to use
/// it.
std::string host_only(std::string_view url) {
    const std::size_t scheme = url.find("://");
    const std::size_t path =
        scheme == std::string_view::npos ? std::string_view::npos : url.find('/', scheme + 3);
    if (path == std::string_view::npos) return std::string(hidden);
    return std::string(url.substr(0, path + 1)).append(hidden);
}

/// XEP-0357: the node that an app gave its push service is a handle to the device; the log keeps it
/// back too.
bool is_push_node(const xml::Element& element, std::string_view attribute) {
    if (attribute != "node") return false;
    if (element.ns() == ns::push) return true;
    if (element.name() != "publish") return false;
    const xml::Element* item = element.child(element.ns(), "item");
    return item != nullptr && item->child(ns::push, "notification") != nullptr;
}

bool hides_attribute(const xml::Element& element, const xml::Attribute& attribute) {
    const bool extdisco = element.ns() == ns::extdisco || element.ns() == ns::extdisco_1;
    return says_secret(attribute.name) || is_push_node(element, attribute.name) ||
           (extdisco && attribute.name == "username");
}

class Redactor {
public:
    explicit Redactor(Bodies bodies) : bodies_(bodies) {}

    /// `to` is empty, of the same name. `inherited`: what an element without a row is.
    void copy(const xml::Element& from, xml::Element& to, Text inherited) {
        const Text text = judge(from, inherited);
        if (text == Text::sealed) return seal(from, to);
        copy_attributes(from, to);
        if (from.is(ns::data_forms, "x")) return copy_form(from, to, inherited);
        copy_content(from, to, text);
    }

private:
    static Text judge(const xml::Element& element, Text inherited) {
        if (const Row* row = find_row(element)) return row->text;
        if (says_secret(element.name())) return Text::sealed;
        return inherited;
    }

    static void seal(const xml::Element& from, xml::Element& to) {
        for (const auto* at = from.first_attribute(); at != nullptr; at = at->next)
            to.set_attr(at->name, hidden, at->ns);
        if (from.first_node() != nullptr) to.add_text(hidden);
    }

    static void copy_attributes(const xml::Element& from, xml::Element& to) {
        const bool slot = from.ns() == ns::http_upload;
        for (const auto* at = from.first_attribute(); at != nullptr; at = at->next) {
            if (hides_attribute(from, *at))
                to.set_attr(at->name, hidden, at->ns);
            else if (slot && at->name == "url")
                to.set_attr(at->name, host_only(at->value), at->ns);
            else
                to.set_attr(at->name, redact_uris(at->value, false), at->ns);
        }
    }

    /// Elements in a secret are secret, unless they have a row; those in an element of the protocol
    /// are content. Of a private document (XEP-0049) nothing is told but which one it is.
    void copy_content(const xml::Element& from, xml::Element& to, Text text) {
        const bool documents = from.is(ns::private_, "query");
        const Text below = text == Text::secret ? Text::secret : Text::content;
        for (const xml::Node* node = from.first_node(); node != nullptr; node = node->next) {
            if (node->kind == xml::Node::Kind::text)
                add_text(node->text, to, text);
            else if (node->kind == xml::Node::Kind::raw)
                add_raw(node->text, to, documents, below);
            else
                add(*node->as_element(), to, documents, below);
        }
    }

    void add(const xml::Element& child, xml::Element& to, bool is_document, Text inherited) {
        xml::Element& copied = to.add(child.name(), child.ns());
        if (!is_document)
            copy(child, copied, inherited);
        else if (child.first_node() || child.first_attribute())
            copied.add_text(hidden);
    }

    void add_text(std::string_view text, xml::Element& to, Text as) const {
        const bool blank = trim(text).empty();
        if (blank || as == Text::protocol)
            to.add_text(redact_uris(text, false));
        else if (as == Text::secret)
            to.add_text(hidden);
        else
            to.add_text(bodies_ == Bodies::shown ? redact_uris(text, true) : measure(text));
    }

    void add_raw(std::string_view serialised, xml::Element& to, bool documents, Text inherited) {
        const std::string wrapped = "<raw xmlns=''>" + std::string(serialised) + "</raw>";
        const xml::Document parsed = xml::parse_element(wrapped);
        if (parsed.empty()) {
            to.add_text(hidden);
            return;
        }
        for (const xml::Element& child : parsed.root().children())
            add(child, to, documents, inherited);
    }

    // XEP-0004: what a field's value is, its name and type say.
    struct Form {
        std::string_view type;               // FORM_TYPE
        std::set<std::string_view> columns;  // of a table, those that are text-private
        bool known = false;  // a specification's form: its secrets have names that say so
    };
    /// XEP-0313: all but what is searched for.
    static constexpr std::array<std::string_view, 6> mam_fields{"with",      "start",    "end",
                                                                "before-id", "after-id", "ids"};

    static Form read_form(const xml::Element& x) {
        Form form;
        for (const xml::Element& field : x.children())
            if (field.attr("var") == "FORM_TYPE")
                form.type = field.child_text(ns::data_forms, "value");
        for (const std::string_view owner :
             {"http://jabber.org/", "urn:xmpp:", "jabber:", "urn:ietf:"})
            form.known = form.known || form.type.starts_with(owner);
        if (const auto* reported = x.child(ns::data_forms, "reported"))
            for (const xml::Element& field : reported->children())
                if (field.attr("type") == "text-private") form.columns.insert(field.attr("var"));
        return form;
    }

    /// A field that is handed in need not say its type: where the form is not known it may be any.
    static Text judge_field(const xml::Element& field, const Form& form, bool in_table) {
        const std::string_view var = field.attr("var"), type = field.attr("type");
        if (var == "FORM_TYPE" || var == "muc#roomconfig_passwordprotectedroom")
            return Text::protocol;
        if (type == "text-private" || says_secret(var) || form.columns.contains(var) ||
            var == "landing-url")
            return Text::secret;
        const bool untold = type == "hidden" || (type.empty() && !in_table);
        if (untold && !form.known) return Text::secret;
        const bool settings = (form.type == ns::mam && contains(mam_fields, var)) ||
                              var.starts_with("pubsub#") || var.starts_with("muc#roomconfig_");
        return settings ? Text::protocol : Text::content;
    }

    void copy_form(const xml::Element& from, xml::Element& to, Text inherited) {
        const Form form = read_form(from);
        copy_fields(from, to, form, inherited, false);
    }

    void copy_fields(const xml::Element& from, xml::Element& to, const Form& form, Text inherited,
                     bool in_table) {
        for (const xml::Element& child : from.children()) {
            xml::Element& copied = to.add(child.name(), child.ns());
            if (child.is(ns::data_forms, "field")) {
                const Text text = judge_field(child, form, in_table);
                copy_attributes(child, copied);
                copy_values(child, copied, inherited == Text::secret ? Text::secret : text);
            } else if (child.is(ns::data_forms, "item") || child.is(ns::data_forms, "reported")) {
                copy_attributes(child, copied);
                copy_fields(child, copied, form, inherited, true);
            } else {
                copy(child, copied, inherited);
            }
        }
    }

    /// <value/>, and <option/> with one.
    void copy_values(const xml::Element& field, xml::Element& to, Text text) {
        for (const xml::Element& child : field.children()) {
            xml::Element& copied = to.add(child.name(), child.ns());
            copy_attributes(child, copied);
            if (child.is(ns::data_forms, "value"))
                add_text(child.text(), copied, text);
            else
                copy_values(child, copied, text);
        }
    }

    const Bodies bodies_;
};

}  // namespace

xml::Document redact(const xml::Element& element, Bodies bodies) {
    xml::Document result(element.name(), element.ns());
    Redactor(bodies).copy(element, result.root(), Text::content);
    return result;
}

std::vector<std::string> redact_stream_text(std::string_view text, Bodies bodies) {
    constexpr std::string_view close = "</stream:stream>";
    std::vector<std::string> pieces;
    if (const auto end = text.find("?>"); text.starts_with("<?xml") && end != text.npos)
        text.remove_prefix(end + 2);
    if (const auto end = text.find('>'); text.starts_with("<stream:stream") && end != text.npos) {
        pieces.emplace_back(text.substr(0, end + 1));
        text.remove_prefix(end + 1);
    }
    const bool closes = text.ends_with(close);
    if (closes) text.remove_suffix(close.size());
    const std::string wrapped =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback'>" +
        std::string(text) + std::string(close);
    const xml::Document parsed = xml::parse_element(wrapped);
    if (parsed.empty()) pieces.push_back(measure(text));
    if (!parsed.empty())
        for (const xml::Element& element : parsed.root().children())
            xml::write(pieces.emplace_back(), redact(element, bodies).root(), ns::client);
    if (closes) pieces.emplace_back(close);
    return pieces;
}

}  // namespace clarion
