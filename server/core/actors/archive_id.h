// Archive ids on the wire: the one place where a storage::ArchiveId becomes text and a
// <stanza-id/>.
//
// Inside, an id is a time: it sorts and searches well, and anybody could guess it. XEP-0313
// (section 3) wants ids that cannot be predicted. So what clients see is the id, encrypted together
// with the account whose archive it belongs to: no table is needed to find it again, and what was
// not given out for this archive is recognised.
//
// Used by modules/mam, by offline delivery and by waking sessions: the log keeps messages without
// the ids of our archives, so whoever reads one back adds the id that it has in its owner's
// archive. What a <stanza-id/> is: proto/stanza_id.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/crypto.h"
#include "proto/stanza.h"
#include "server/core/routing/envelope.h"
#include "storage/ids.h"

namespace clarion::core {

class Actor;

/// Owned by the shard's Core, used on its thread.
class ArchiveCipher {
public:
    /// The same secret gives the same ids: it belongs to the installation.
    explicit ArchiveCipher(std::string_view secret);

private:
    friend class ArchiveIds;
    crypto::Aes128 aes_;
};

/// The ids of one archive. A view of the cipher: pass it by value, do not keep it.
class ArchiveIds {
public:
    ArchiveIds(const ArchiveCipher& cipher, storage::OwnerId owner)
        : cipher_(&cipher), owner_(owner) {}

    /// 22 characters of base64url.
    std::string format(storage::ArchiveId id) const;
    /// The reverse. nullopt: no id of this archive reads so.
    std::optional<storage::ArchiveId> parse(std::string_view text) const;

private:
    const ArchiveCipher* cipher_;
    storage::OwnerId owner_;
};

/// Appends <stanza-id/> with the id that the message has in the archive of `owner`. REQUIRES: ids
/// that claim to be the owner's were stripped.
void add_stanza_id(Stanza& stanza, const Actor& owner, storage::ArchiveId id);
/// The same for a message that was just archived there. What is kept of it stays as it was.
void add_stanza_id(Envelope& envelope, const Actor& owner);

}  // namespace clarion::core
