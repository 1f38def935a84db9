// What a vCard is as others read it, and what becomes of one that a client sets: the rules by which
// vcard-temp and vCard4 meet (docs/design/019-profiles.md). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "modules/vcard/photo.h"
#include "modules/vcard/vcard_codec.h"
#include "proto/xml.h"

namespace clarion::vcard {

/// What somebody may read beside the vCard that is kept.
struct Readable {
    /// The vCard4 node.
    bool may_read_node = false;
    /// What it holds; nullptr: nothing.
    const xml::Element* vcard4 = nullptr;
    /// The avatar, if it is what counts; nullptr: there is none.
    const Photo* avatar = nullptr;
    /// Of the vCard4 no more are converted ([vcard] max_fields).
    std::size_t most_properties = 500;
};

/// The <vCard/> that somebody is shown; empty: there is nothing. `kept`: nullptr: none is.
std::string shown_vcard(const StoredVcard* kept, const Standing& standing,
                        const Readable& readable);

/// What there was when a client sets a vCard.
struct Before {
    const StoredVcard* kept = nullptr;     // nullptr: none
    const xml::Element* vcard4 = nullptr;  // nullptr: the node holds none
    bool fields_in_node = false;           // as in Standing
    std::size_t most_properties = 500;     // as in Readable
};

/// What becomes of the fields of one.
struct Fields {
    StoredVcard kept{};  // its xml is empty: nothing is left of it
    bool fields_in_node = false;
    /// What the node shall hold from now on; empty: nothing. nullopt: what it holds already.
    std::optional<std::string> vcard4{};
};

/// `vcard`: what was set. Of its photo only what is no image stays if `without_photo`: the avatar's
/// nodes have it.
Fields fields_of(const xml::Element& vcard, const Before& before, bool without_photo);

}  // namespace clarion::vcard
