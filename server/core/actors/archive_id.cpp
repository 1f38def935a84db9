#include "server/core/actors/archive_id.h"

#include <algorithm>

#include "base/text.h"
#include "proto/stanza_id.h"
#include "server/core/actors/actor.h"
#include "server/core/context.h"

namespace clarion::core {

namespace {

using Block = crypto::Aes128::Block;

void put(Block& block, std::size_t at, std::uint64_t number) {
    for (int i = 7; i >= 0; --i, number >>= 8)
        block[at + static_cast<std::size_t>(i)] = static_cast<unsigned char>(number);
}

std::uint64_t get(const Block& block, std::size_t at) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i) number = number << 8 | block[at + i];
    return number;
}

}  // namespace

ArchiveCipher::ArchiveCipher(std::string_view secret)
    : aes_(crypto::sha256(secret).substr(0, crypto::aes_128_key_size)) {}

std::string ArchiveIds::format(storage::ArchiveId id) const {
    Block block;
    put(block, 0, static_cast<std::uint64_t>(owner_));
    put(block, 8, static_cast<std::uint64_t>(id));
    const Block sealed = cipher_->aes_.encrypt(block);
    return base64url_encode({reinterpret_cast<const char*>(sealed.data()), sealed.size()});
}

std::optional<storage::ArchiveId> ArchiveIds::parse(std::string_view text) const {
    const auto sealed = base64url_decode(text);
    if (!sealed || sealed->size() != crypto::aes_block_size) return std::nullopt;
    Block block;
    std::copy(sealed->begin(), sealed->end(), block.begin());
    const Block plain = cipher_->aes_.decrypt(block);
    if (get(plain, 0) != static_cast<std::uint64_t>(owner_)) return std::nullopt;
    const storage::ArchiveId id{get(plain, 8)};
    if (format(id) != text) return std::nullopt;  // spelled differently
    return id;
}

void add_stanza_id(Stanza& stanza, const Actor& owner, storage::ArchiveId id) {
    const ArchiveIds ids = owner.context().archive_ids(owner.id());
    clarion::add_stanza_id(stanza.root(), ids.format(id), owner.jid());
}

void add_stanza_id(Envelope& envelope, const Actor& owner) {
    auto kept = std::move(envelope.xml);
    add_stanza_id(envelope.edit(), owner, envelope.meta.archive_id);
    envelope.xml = std::move(kept);
}

}  // namespace clarion::core
