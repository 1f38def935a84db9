// ResidentData: what modules keep resident with one owner, in memory as long as the owner is.
//
// For each module that keeps something its entries in order of their keys, packed into one string:
// an owner with nothing costs a pointer, and an entry little more than its bytes. What is found is
// found by walking, which the limits on what is kept resident (storage/module_data.h) keep short.
// Whoever changes an entry here writes it to storage too (core/actors/module_data.h does both). One
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarion::storage {

class ResidentData {
public:
    ResidentData() = default;
    ResidentData(const ResidentData& other);
    ResidentData& operator=(const ResidentData& other);
    ResidentData(ResidentData&&) = default;
    ResidentData& operator=(ResidentData&&) = default;

    /// Valid until the next change of the module's entries.
    std::optional<std::string_view> get(std::string_view module, std::string_view key) const;
    /// Creates or replaces. REQUIRES: key.size() <= max_data_key.
    void put(std::string_view module, std::string_view key, std::string_view value);
    /// put() of a key behind all others of the module: for who reads them in order.
    void append(std::string_view module, std::string_view key, std::string_view value);
    void remove(std::string_view module, std::string_view key);
    void clear(std::string_view module);

    /// Calls `use(key, value)` for the module's entries in order of their keys. It must not change
    /// them.
    template <class Use>
    void for_each(std::string_view module, Use use) const {
        for (Position at(packed(module)); at.next();) use(at.key(), at.value());
    }
    bool empty(std::string_view module) const { return packed(module).empty(); }
    /// What the module's entries count: keys, values and five bytes for each.
    std::size_t bytes(std::string_view module) const { return packed(module).size(); }
    /// Calls `use(module, bytes)` for each module that keeps something.
    template <class Use>
    void for_each_module(Use use) const {
        if (!spaces_) return;
        for (const Space& space : *spaces_)
            use(std::string_view(space.module), space.packed.size());
    }
    /// The bytes that an entry counts.
    static std::size_t entry_bytes(std::size_t key, std::size_t value) { return 5 + key + value; }

private:
    /// Entries: size of the key u8, size of the value u32 (in the machine's byte order: it never
    /// leaves the process), key, value.
    struct Space {
        std::string module;
        std::string packed;
    };
    class Position {
    public:
        explicit Position(std::string_view packed) : left_(packed) {}
        bool next();
        std::string_view key() const { return key_; }
        std::string_view value() const { return value_; }
        /// From the entry to the end.
        std::size_t left() const { return left_.size() + entry_bytes(key_.size(), value_.size()); }
        std::size_t size() const { return entry_bytes(key_.size(), value_.size()); }

    private:
        std::string_view left_;
        std::string_view key_, value_;
    };
    std::string_view packed(std::string_view module) const;
    Space* find(std::string_view module);
    std::string& packed_of(std::string_view module);
    void drop(const Space& space);

    std::unique_ptr<std::vector<Space>> spaces_;  // nullptr: nothing
};

}  // namespace clarion::storage
