// What is asked of a room: any stanza is either refused or read, a list of items is read again as the
// same, and after what only a room may say is taken away there is none of it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proto/muc.h"
#include "proto/nickname.h"
#include "proto/ns.h"

namespace {

using namespace clarion;

void check_items(const xml::Element& query) {
    const auto items = muc::read_admin_items(query);
    if (!items) return;
    xml::Document again("query", ns::muc_admin);
    for (const muc::AdminItem& item : *items)
        muc::add_item(again.root(), {.affiliation = item.affiliation,
                                     .role = item.role,
                                     .jid = item.jid.full(),
                                     .nick = item.nick,
                                     .reason = item.reason});
    const auto read = muc::read_admin_items(again.root());
    if (!read || read->size() != items->size()) std::abort();
    for (std::size_t i = 0; i < items->size(); ++i) {
        const muc::AdminItem &before = (*items)[i], &after = (*read)[i];
        if (before.jid != after.jid || before.nick != after.nick) std::abort();
        if (before.role != after.role || before.affiliation != after.affiliation) std::abort();
    }
}

void check_room_elements(const Stanza& stanza) {
    const auto stripped = stanza.clone();
    muc::strip_room_elements(stripped->root());
    if (muc::has_room_elements(stripped->root())) std::abort();
}

/// Tidying twice is tidying once, and changes nothing of what people see.
void check_nickname(std::string_view nick) {
    const std::string tidy = tidy_nickname(nick);
    if (tidy_nickname(tidy) != tidy) std::abort();
    if (nickname_key(tidy) != nickname_key(nick)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto document = xml::parse_element(text, ns::client);
    if (document.empty()) return 0;
    const auto read = Stanza::from_document(std::move(document));
    if (!read) return 0;
    const Stanza& stanza = **read;
    check_room_elements(stanza);
    if (stanza.is_presence()) (void)muc::read_enter(stanza);
    if (stanza.is_presence()) check_nickname(stanza.to().resource());
    if (stanza.is_message()) (void)muc::read_invitations(stanza);
    if (stanza.is_message()) (void)muc::sets_subject(stanza);
    for (const xml::Element& child : stanza.root().children()) {
        check_items(child);
        if (child.name() == "destroy") (void)muc::read_destruction(child);
    }
    return 0;
}
