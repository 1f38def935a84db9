// Entity capabilities (XEP-0115): the <c/> of presence, and the hash that it names.
//
// Plain values; pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proto/disco_info.h"
#include "proto/xml.h"

namespace clarion {

class Stanza;

/// What an entity says in its presence: the hash of its disco#info, and where to ask for that.
struct CapsTag {
    std::string
        hash;  // name of the function, "sha-1"; empty: the legacy format, which proves nothing
    std::string node;
    std::string ver;

    /// By which everybody who says the same is found. REQUIRES: can_verify().
    std::string key() const { return hash + ' ' + ver; }
    /// The node to ask for.
    std::string query_node() const { return node + '#' + ver; }
    /// Whether the hash is one that can be computed here: sha-1 or sha-256.
    bool can_verify() const;

    bool operator==(const CapsTag&) const = default;
};

/// The <c/> of presence; nullopt: there is none, or one that no client means (no node or ver, or a
/// text of more than 1,023 bytes; a hash that can be computed and a 'ver' that cannot be its).
std::optional<CapsTag> caps_of(const Stanza& presence);

/// What a resource can do: the text that its hash is made of (XEP-0115, 5.1).
///
/// It is kept as it is hashed, and asked as it is: what stands in it between two '<' is a feature.
/// So whoever has the same hash can do the same, even if they divided one text differently into
/// identities, features and forms. Nobody can pass off features that another has not, or hide some.
class Capabilities {
public:
    explicit Capabilities(std::string text) : text_(std::move(text)) {}

    bool has(std::string_view feature) const;
    /// Whether it wants to be notified of this node: NODE+notify (XEP-0060, 9.2).
    bool notifies(std::string_view node) const;
    const std::string& text() const { return text_; }

    bool operator==(const Capabilities&) const = default;

private:
    std::string text_;
};

/// The text of a <query xmlns='…disco#info'/>. Error "bad-request": it is ill-formed (5.4).
Result<std::string> caps_text(const xml::Element& query);
/// The same of what is said here.
std::string caps_text(const DiscoInfo& info);
/// The verification string. nullopt: the function is not known here.
std::optional<std::string> caps_ver(std::string_view hash, std::string_view text);

}  // namespace clarion
