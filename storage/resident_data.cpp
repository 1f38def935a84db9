#include "storage/resident_data.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace clarion::storage {
namespace {

std::string pack(std::string_view key, std::string_view value) {
    const auto value_size = static_cast<std::uint32_t>(value.size());
    char sizes[5];
    sizes[0] = static_cast<char>(key.size());
    std::memcpy(sizes + 1, &value_size, sizeof value_size);
    return std::string(sizes, sizeof sizes).append(key).append(value);
}

}  // namespace

ResidentData::ResidentData(const ResidentData& other)
    : spaces_(other.spaces_ ? std::make_unique<std::vector<Space>>(*other.spaces_) : nullptr) {}

ResidentData& ResidentData::operator=(const ResidentData& other) {
    return *this = ResidentData(other);
}

bool ResidentData::Position::next() {
    if (left_.empty()) return false;
    const auto key_size = static_cast<unsigned char>(left_[0]);
    std::uint32_t value_size = 0;
    std::memcpy(&value_size, left_.data() + 1, sizeof value_size);
    key_ = left_.substr(5, key_size);
    value_ = left_.substr(std::size_t{5} + key_size, value_size);
    left_.remove_prefix(size());
    return true;
}

std::optional<std::string_view> ResidentData::get(std::string_view module,
                                                  std::string_view key) const {
    for (Position at(packed(module)); at.next();)
        if (at.key() == key) return at.value();
    return std::nullopt;
}

void ResidentData::put(std::string_view module, std::string_view key, std::string_view value) {
    std::string& packed = packed_of(module);
    for (Position at(packed); at.next();) {
        if (at.key() < key) continue;
        const std::size_t replaced = at.key() == key ? at.size() : 0;
        packed.replace(packed.size() - at.left(), replaced, pack(key, value));
        return;
    }
    packed += pack(key, value);
}

void ResidentData::append(std::string_view module, std::string_view key, std::string_view value) {
    packed_of(module) += pack(key, value);
}

void ResidentData::remove(std::string_view module, std::string_view key) {
    Space* const space = find(module);
    if (!space) return;
    for (Position at(space->packed); at.next();) {
        if (at.key() != key) continue;
        space->packed.erase(space->packed.size() - at.left(), at.size());
        break;
    }
    if (space->packed.empty()) drop(*space);
}

void ResidentData::clear(std::string_view module) {
    if (const Space* space = find(module)) drop(*space);
}

std::string_view ResidentData::packed(std::string_view module) const {
    if (!spaces_) return {};
    for (const Space& space : *spaces_)
        if (space.module == module) return space.packed;
    return {};
}

ResidentData::Space* ResidentData::find(std::string_view module) {
    if (!spaces_) return nullptr;
    const auto found = std::find_if(spaces_->begin(), spaces_->end(),
                                    [&](const Space& space) { return space.module == module; });
    return found == spaces_->end() ? nullptr : &*found;
}

std::string& ResidentData::packed_of(std::string_view module) {
    if (Space* const known = find(module)) return known->packed;
    if (!spaces_) spaces_ = std::make_unique<std::vector<Space>>();
    return spaces_->emplace_back(Space{std::string(module), {}}).packed;
}

void ResidentData::drop(const Space& space) {
    spaces_->erase(spaces_->begin() + (&space - spaces_->data()));
    if (spaces_->empty()) spaces_ = nullptr;
}

}  // namespace clarion::storage
