#include "proto/xml.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_shared.h"

namespace clarion::xml {

static_assert(std::is_trivially_destructible_v<Element>, "an arena destroys no elements");
static_assert(std::is_trivially_destructible_v<Attribute>);

// --- Arena --------------------------------------------------------------------------------------

struct Arena::Chunk {
    Chunk* previous;
    std::size_t size;  // with this header

    char* begin() { return reinterpret_cast<char*>(this + 1); }
    char* end() { return reinterpret_cast<char*>(this) + size; }
};

namespace {

constexpr std::size_t first_chunk = 1024;
constexpr std::size_t largest_chunk = 32 * 1024;
/// A copy is given as much as its original uses, and this for what is usually added: addresses, a
/// stamp.
constexpr std::size_t copy_slack = 256;
constexpr std::size_t alignment = alignof(void*);

std::size_t padding(const char* at) {
    return (alignment - reinterpret_cast<std::uintptr_t>(at) % alignment) % alignment;
}

}  // namespace

Arena::Arena(Arena&& other) noexcept
    : chunks_(std::exchange(other.chunks_, nullptr)),
      next_(std::exchange(other.next_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      footprint_(std::exchange(other.footprint_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
    if (this != &other) {
        free_all();
        chunks_ = std::exchange(other.chunks_, nullptr);
        next_ = std::exchange(other.next_, nullptr);
        end_ = std::exchange(other.end_, nullptr);
        footprint_ = std::exchange(other.footprint_, 0);
    }
    return *this;
}

Arena::~Arena() { free_all(); }

void Arena::free_all() {
    while (chunks_ != nullptr) std::free(std::exchange(chunks_, chunks_->previous));
}

void Arena::reserve(std::size_t bytes) { add_chunk(bytes + sizeof(Chunk)); }

void Arena::grow(std::size_t at_least) {
    const std::size_t usual =
        chunks_ == nullptr ? first_chunk : std::min(2 * chunks_->size, largest_chunk);
    add_chunk(std::max(usual, at_least + sizeof(Chunk) + alignment));
}

void Arena::add_chunk(std::size_t size) {
    void* memory = std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc();
    chunks_ = new (memory) Chunk{chunks_, size};
    next_ = chunks_->begin();
    end_ = chunks_->end();
    footprint_ += size;
}

void* Arena::allocate(std::size_t bytes) {
    std::size_t pad = padding(next_);
    if (static_cast<std::size_t>(end_ - next_) < pad + bytes) {
        grow(bytes);
        pad = padding(next_);
    }
    char* result = next_ + pad;
    next_ = result + bytes;
    return result;
}

std::string_view Arena::store(std::string_view text) {
    if (text.empty()) return {};
    if (static_cast<std::size_t>(end_ - next_) < text.size()) grow(text.size());
    char* start = next_;
    std::memcpy(start, text.data(), text.size());
    next_ += text.size();
    return {start, text.size()};
}

std::string_view Arena::extend(std::string_view text, std::string_view more) {
    if (text.empty()) return store(more);
    const std::size_t total = text.size() + more.size();
    const bool is_last = text.data() + text.size() == next_;
    if (is_last && static_cast<std::size_t>(end_ - next_) >= more.size()) {
        std::memcpy(next_, more.data(), more.size());
        next_ += more.size();
        return {text.data(), total};
    }
    // Room for as much again, so that text arriving in drops is copied few times.
    if (static_cast<std::size_t>(end_ - next_) < total) grow(2 * total);
    char* start = next_;
    std::memcpy(start, text.data(), text.size());
    std::memcpy(start + text.size(), more.data(), more.size());
    next_ += total;
    return {start, total};
}

// --- reading ------------------------------------------------------------------------------------

const Element* Node::as_element() const {
    return kind == Kind::element ? static_cast<const Element*>(this) : nullptr;
}

namespace {

bool matches(const Element& element, std::string_view ns, std::string_view name) {
    return (name == "*" || element.name() == name) && (ns.empty() || element.ns() == ns);
}

/// The first element at or after `node`.
const Element* first_element(const Node* node) {
    while (node != nullptr && node->kind != Node::Kind::element) node = node->next;
    return node == nullptr ? nullptr : node->as_element();
}

}  // namespace

std::string_view Element::attr(std::string_view name) const {
    return find_attr(name).value_or(std::string_view{});
}

std::optional<std::string_view> Element::find_attr(std::string_view name,
                                                   std::string_view ns) const {
    for (const Attribute* at = attributes_; at != nullptr; at = at->next) {
        if (at->name == name && at->ns == ns) return at->value;
    }
    return std::nullopt;
}

const Element* Element::first_child() const { return first_element(first_); }
Element* Element::first_child() { return const_cast<Element*>(first_element(first_)); }
const Element* Element::next_sibling() const { return first_element(next); }
Element* Element::next_sibling() { return const_cast<Element*>(first_element(next)); }

const Element* Element::child(std::string_view ns, std::string_view name) const {
    for (const Element& candidate : children()) {
        if (matches(candidate, ns, name)) return &candidate;
    }
    return nullptr;
}

Element* Element::child(std::string_view ns, std::string_view name) {
    return const_cast<Element*>(std::as_const(*this).child(ns, name));
}

std::string_view Element::text() const {
    for (const Node* node = first_; node != nullptr; node = node->next) {
        if (node->kind == Kind::text) return node->text;
    }
    return {};
}

std::string_view Element::child_text(std::string_view ns, std::string_view name) const {
    const Element* found = child(ns, name);
    return found == nullptr ? std::string_view{} : found->text();
}

// --- building -----------------------------------------------------------------------------------

namespace {

/// Namespaces are few and long: the parent's view is shared, and so is the commonest constant.
std::string_view store_ns(Arena& arena, std::string_view ns, const Element* parent) {
    if (parent != nullptr && parent->ns() == ns) return parent->ns();
    if (ns == ns::client) return ns::client;
    return arena.store(ns);
}

}  // namespace

Element* Element::create(Arena& arena, std::string_view name, std::string_view ns,
                         const Element* parent) {
    const std::string_view stored_ns = store_ns(arena, ns, parent);
    const std::string_view stored_name = arena.store(name);
    return new (arena.allocate(sizeof(Element))) Element(arena, stored_name, stored_ns);
}

void Element::append(Node* node) {
    assert(!content_is_shared);
    (last_ == nullptr ? first_ : last_->next) = node;
    last_ = node;
}

void Element::append_attribute(std::string_view name, std::string_view value, std::string_view ns) {
    const std::string_view stored_ns = ns == ns::xml ? ns::xml : arena_->store(ns);
    auto* fresh = new (arena_->allocate(sizeof(Attribute)))
        Attribute{stored_ns, arena_->store(name), arena_->store(value), nullptr};
    Attribute** end = &attributes_;
    while (*end != nullptr) end = &(*end)->next;
    *end = fresh;
}

Element& Element::set_attr(std::string_view name, std::string_view value, std::string_view ns) {
    assert(!content_is_shared);
    for (Attribute* at = attributes_; at != nullptr; at = at->next) {
        if (at->name == name && at->ns == ns) {
            at->value = arena_->store(value);
            return *this;
        }
    }
    append_attribute(name, value, ns);
    return *this;
}

void Element::remove_attr(std::string_view name, std::string_view ns) {
    assert(!content_is_shared);
    for (Attribute** at = &attributes_; *at != nullptr; at = &(*at)->next) {
        if ((*at)->name == name && (*at)->ns == ns) {
            *at = (*at)->next;
            return;
        }
    }
}

Element& Element::add(std::string_view name, std::string_view ns) {
    Element* fresh = create(*arena_, name, ns.empty() ? ns_ : ns, this);
    append(fresh);
    return *fresh;
}

Element& Element::add_text(std::string_view text) {
    if (text.empty()) return *this;
    assert(!content_is_shared);
    if (last_ != nullptr && last_->kind == Kind::text) {
        last_->text = arena_->extend(last_->text, text);
        return *this;
    }
    // The node first: its text is then the last thing stored, and grows in place.
    auto* node = new (arena_->allocate(sizeof(Node))) Node{Kind::text, false, nullptr, {}};
    node->text = arena_->store(text);
    append(node);
    return *this;
}

Element& Element::add_text_child(std::string_view name, std::string_view text,
                                 std::string_view ns) {
    add(name, ns).add_text(text);
    return *this;
}

Element& Element::add_raw(std::string_view serialised) {
    if (serialised.empty()) return *this;
    auto* node = new (arena_->allocate(sizeof(Node))) Node{Kind::raw, false, nullptr, {}};
    node->text = arena_->store(serialised);
    append(node);
    return *this;
}

Element& Element::add_copy(const Element& other) {
    Element* copy = create(*arena_, other.name_, other.ns_, this);
    copy->copy_content(other);  // before it is linked: `other` may be this element itself
    append(copy);
    return *copy;
}

void Element::copy_attributes(const Element& other) {
    for (const Attribute* at = other.attributes_; at != nullptr; at = at->next)
        append_attribute(at->name, at->value, at->ns);
}

void Element::copy_content(const Element& other) {
    copy_attributes(other);
    for (const Node* node = other.first_; node != nullptr; node = node->next) {
        switch (node->kind) {
            case Kind::element: add_copy(*node->as_element()); break;
            case Kind::text: add_text(node->text); break;
            case Kind::raw: add_raw(node->text); break;
        }
    }
}

void Element::remove(const Element& child) {
    assert(!content_is_shared);
    Node* before = nullptr;
    for (Node* node = first_; node != nullptr; before = node, node = node->next) {
        if (node != static_cast<const Node*>(&child)) continue;
        (before == nullptr ? first_ : before->next) = node->next;
        if (last_ == node) last_ = before;
        return;  // node->next stays: whoever iterates may go on from it
    }
}

// --- Document -----------------------------------------------------------------------------------

Document::Document(std::string_view root_name, std::string_view root_ns)
    : arena_(std::make_unique<Arena>()), root_(Element::create(*arena_, root_name, root_ns)) {}

Document::Document(SharedRoot& root, std::shared_ptr<const SharedContent> content)
    : root_(&root.element_), content_(std::move(content)) {}

Document::Document(Document&& other) noexcept
    : arena_(std::move(other.arena_)),
      root_(std::exchange(other.root_, nullptr)),
      content_(std::move(other.content_)) {}

Document& Document::operator=(Document&& other) noexcept {
    arena_ = std::move(other.arena_);
    root_ = std::exchange(other.root_, nullptr);
    content_ = std::move(other.content_);
    return *this;
}

Document Document::clone() const { return copy(copy_slack); }
Document Document::compact() const { return copy(0); }

Document Document::copy(std::size_t room) const {
    if (empty()) return {};
    Document copy;
    copy.arena_ = std::make_unique<Arena>();
    copy.arena_->reserve(room +
                         (arena_ ? arena_->used() : content_->whole_->arena_->used() + copy_slack));
    copy.root_ = Element::create(*copy.arena_, root_->name(), root_->ns());
    copy.root_->copy_content(*root_);
    return copy;
}

std::size_t Document::footprint() const {
    return (arena_ ? arena_->footprint() : 0) + (content_ ? content_->footprint() : 0);
}

}  // namespace clarion::xml
