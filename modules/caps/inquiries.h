// Inquiries: a hash that is not known here is looked up at its domain's desk, and if that knows
// nothing a client that said it is asked, in the name of the account that sees it.
//
// One per shard. All that say the same hash to accounts of one domain are one inquiry, whose
// witnesses they are: the next is asked when one gives no answer, or another than its hash promised
// (that holds for itself alone). What proves nothing (the legacy format, other functions) is asked
// of each resource that says it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "modules/caps/known_caps.h"
#include "modules/caps/sightings.h"
#include "proto/entity_caps.h"
#include "server/core/setup/module.h"

namespace clarion::caps {

/// By which marks are known: CapsTag::key(), or all it says if that proves nothing.
std::string mark_key(const CapsTag& tag);

class Inquiries {
public:
    Inquiries(core::ModuleSetup& setup, const Sightings& sightings, KnownCaps& known);

    /// Finds out what the resource, which is seen, can do, and tells (CapabilitiesKnown).
    void want(core::Account& account, const Jid& resource, const CapsTag& tag);
    /// The same of what was known and is forgotten: no client is asked.
    void recall(core::Account& account, const Jid& resource, std::string_view key);
    /// Tells what it can do, if that is known and was not told.
    void tell(core::Account& account, const Jid& resource, Seen& seen);

private:
    struct Witness {
        std::string account;
        Jid resource;
    };
    struct Inquiry {
        std::string host;  // whose desk is concerned; empty: it proves nothing
        CapsTag tag;
        std::string key;
        std::vector<Witness> witnesses{};
        std::size_t next = 0;              // among them
        std::vector<std::string> asked{};  // bare JIDs
    };
    using Open = std::map<std::string, Inquiry, std::less<>>;

    void look_up(const std::string& id, const Inquiry& inquiry);
    void on_looked_up(const std::string& id, std::optional<std::string> text);
    void ask_next(Open::iterator open);
    bool ask(Open::iterator open, const Witness& witness);
    bool has_room_to_ask(std::string_view domain) const;
    void send_question(const core::Account& account, const CapsTag& tag, const Jid& resource,
                       const std::string& id);
    void on_answer(const std::string& id, const Witness& witness, const Stanza* answer);
    void report(const Inquiry& inquiry, std::optional<std::string> text);
    void learned(Open::iterator open, std::string text);
    void note_own(const Inquiry& inquiry, const Witness& witness, std::string text);
    Seen* find(const Inquiry& inquiry, const Witness& witness, core::Account** account);
    std::optional<std::string> read(const Stanza* answer) const;

    core::Context& context_;
    const Sightings& sightings_;
    KnownCaps& known_;
    Open open_;
    std::map<std::string, std::size_t, std::less<>> waiting_;  // questions, by the domain asked
    std::size_t all_waiting_ = 0;
    Counter& questions_;
    Counter& false_answers_;
};

}  // namespace clarion::caps
