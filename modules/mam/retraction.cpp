#include "modules/mam/retraction.h"

#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "proto/ns.h"
#include "proto/stanza_id.h"
#include "proto/xml_writer.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/page_size.h"
#include "storage/storage.h"

namespace clarion::mam {
namespace {

constexpr Logger logger{"mam"};

/// Of messages with the id that is meant: the newest of them. More than one is another author's, or
/// of a client that counts from one each time it starts.
constexpr storage::PageSize same_id{.count = 10};

Counter& tombstones() {
    static Counter& counter = metrics().counter("clarion_archive_tombstones_total",
                                                "Retracted messages replaced by a tombstone");
    return counter;
}

bool is_personal(const Stanza& message) {
    return message.is_message() &&
           (message.type() == StanzaType::chat || message.type() == StanzaType::normal);
}

bool is_of_room(const Stanza& message) {
    return message.root().child(ns::muc_user, "x") || message.root().child(ns::occupant_id, "*");
}

bool has_id(const Stanza& stored, std::string_view id) {
    return stored.id() == id || find_origin_id(stored.root()) == id;
}

std::shared_ptr<Stanza> parse(std::string_view xml) {
    auto parsed = Stanza::from_document(xml::parse_element(xml, ns::client));
    return parsed ? std::move(*parsed) : nullptr;
}

/// Whether it is the one that was meant.
bool deal_with(core::Context& context, storage::OwnerId owner,
               const storage::ArchivedMessage& message, const Retraction& retraction) {
    const auto stored = parse(message.xml);
    if (!stored) return false;
    const Found found = is_original(*stored, retraction);
    if (found == Found::original) {
        const std::string tombstone = make_tombstone(*stored, retraction);
        context.storage().archive().replace(context.shard().batch(), owner,
                                            {.id = message.id,
                                             .log_id = message.log_id,
                                             .time = message.time,
                                             .xml = tombstone,
                                             .received = message.time});
        tombstones().add();
    }
    return found != Found::other;
}

}  // namespace

std::optional<Retraction> read_retraction(const Stanza& message, const Jid& with, WallTime at) {
    const xml::Element* retract = message.root().child(ns::retract, "retract");
    if (!retract || !is_personal(message) || is_of_room(message)) return std::nullopt;
    Retraction retraction{.target = std::string(retract->attr("id")),
                          .id = std::string(message.id()),
                          .author = std::string(message.from().bare()),
                          .with = std::string(with.bare()),
                          .at = at};
    if (retraction.target.empty() || retraction.id.empty()) return std::nullopt;
    return retraction;
}

Found is_original(const Stanza& stored, const Retraction& retraction) {
    if (!is_personal(stored) || stored.from().bare() != retraction.author ||
        !has_id(stored, retraction.target))
        return Found::other;
    if (stored.root().child(ns::retract, "retracted")) return Found::tombstone;
    if (stored.root().child(ns::retract, "retract")) return Found::other;
    return is_of_room(stored) ? Found::refused : Found::original;
}

std::string make_tombstone(const Stanza& original, const Retraction& retraction) {
    const auto tombstone = Stanza::make(StanzaKind::message, original.type(), original.from(),
                                        original.to(), original.id());
    tombstone->root()
        .add("retracted", ns::retract)
        .set_attr("id", retraction.id)
        .set_attr("stamp", format_datetime(retraction.at));
    return xml::to_string(tombstone->root());
}

void Retractions::begin(storage::AccountId account, Retraction retraction,
                        const SearchLimits& limits) {
    if (limits.depth == 0) return;
    const auto pending = pending_->find(account);
    if (pending != pending_->end() && pending->second >= limits.at_once) {
        logger.debug("too-many-retractions", {{"author", retraction.author}});
        return;
    }
    context_.scope_of(account).spawn("mam-retraction",
                                     search(account, std::move(retraction), limits.depth));
}

/// One search under way, from its first step on.
class Retractions::Count {
public:
    Count(std::shared_ptr<Pending> pending, storage::AccountId account)
        : pending_(std::move(pending)), account_(account) {
        ++(*pending_)[account_];
    }
    ~Count() {
        const auto found = pending_->find(account_);
        if (--found->second == 0) pending_->erase(found);
    }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;

private:
    const std::shared_ptr<Pending> pending_;
    const storage::AccountId account_;
};

Task<> Retractions::search(storage::AccountId account, Retraction retraction, std::size_t depth) {
    const Count count(pending_, account);
    storage::ArchiveQuery query{.owner = account,
                                .with = retraction.with,
                                .message_id = retraction.target,
                                .depth = depth,
                                .from_end = true,
                                .limit = same_id.count,
                                .max_bytes = same_id.bytes};
    (void)co_await context_.shard().committed();  // the message may be in the same batch
    const auto page = co_await context_.storage().archive().query(std::move(query));
    const bool here = context_.partitions().contains(storage::partition_of(account));
    if (!here || !page) co_return;
    const auto& messages = page->messages;
    for (auto at = messages.rbegin(); at != messages.rend(); ++at)
        if (deal_with(context_, account, *at, retraction)) break;
}

}  // namespace clarion::mam
