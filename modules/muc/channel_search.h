// Search of public rooms (XEP-0433): what is asked, which rooms that means, and how it is answered.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/rsm.h"
#include "proto/stanza.h"
#include "proto/stanza_error.h"

namespace clarion::muc {

/// A room as it is found.
struct Channel {
    std::string address{}, name{}, description{}, language{};
    std::uint32_t occupants = 0;
    bool is_open = true;  // no membership and no password is needed
    bool is_semianonymous = true;
    // In one case and form (folded()), as it is searched.
    std::string folded_name{}, folded_description{};
};
std::string folded(std::string_view text);

enum class ChannelOrder : std::uint8_t { address, occupants };

struct ChannelQuery {
    std::vector<std::string> terms{};  // folded; all of them are in a room that is found
    bool in_name = true, in_description = true, in_address = true;
    bool any_type = true;  // rooms are of a type that is wanted
    std::uint32_t min_occupants = 0;
    ChannelOrder order = ChannelOrder::occupants;
    RsmRequest page{};
};
/// Reads `<search/>` with a form. The errors are those of XEP-0433, 4.2.2.
std::variant<ChannelQuery, StanzaError> read_channel_query(const xml::Element& search);
/// Appends the form to be filled in.
void add_search_form(xml::Element& search);

struct ChannelPage {
    std::vector<const Channel*> channels{};
    RsmAnswer set{};
};
/// The page that is asked for of those that fit; at most `limit`.
ChannelPage find_channels(const std::vector<Channel>& all, const ChannelQuery& query,
                          std::size_t limit);
void add_channel(xml::Element& result, const Channel& channel);

}  // namespace clarion::muc
