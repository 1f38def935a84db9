// Element, Document: XML as XMPP uses it, in an arena.
//
// A Document owns one arena and one root Element. Elements, attributes and text are nodes in that
// arena, linked, with names and values as views into it: building or copying a stanza costs a few
// pointer bumps and usually one malloc; destroying it frees the chunks and visits no node.
// Names are resolved: an element has a namespace and a local name, prefixes exist on the wire only.
// Not thread-safe while being changed; a Document nobody changes any more may be read by any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace clarion::xml {

/// Bump allocator. First chunk (1 KiB, unless reserve() said otherwise) is allocated on first use;
/// chunks double up to 32 KiB.
class Arena {
public:
    Arena() = default;
    Arena(Arena&& other) noexcept;
    Arena& operator=(Arena&& other) noexcept;
    ~Arena();

    /// Memory aligned for pointers; lives as long as the arena.
    void* allocate(std::size_t bytes);
    /// Copies `text` into the arena. Empty text costs nothing.
    std::string_view store(std::string_view text);
    /// Appends to `text` in place when it was the last thing stored, else copies both.
    std::string_view extend(std::string_view text, std::string_view more);
    /// Bytes obtained from the heap.
    std::size_t footprint() const { return footprint_; }
    /// Of these, how many are spoken for.
    std::size_t used() const { return footprint_ - static_cast<std::size_t>(end_ - next_); }
    /// The first chunk will hold this much: for copies, which may be kept long. REQUIRES: unused.
    void reserve(std::size_t bytes);

private:
    struct Chunk;
    void grow(std::size_t at_least);
    void add_chunk(std::size_t size);
    void free_all();

    Chunk* chunks_ = nullptr;
    char* next_ = nullptr;
    char* end_ = nullptr;
    std::size_t footprint_ = 0;
};

class Element;
class SharedContent;
class SharedRoot;

struct Attribute {
    std::string_view ns;  // empty for the usual attribute without namespace; xml:lang has ns::xml
    std::string_view name;
    std::string_view value;
    Attribute* next = nullptr;
};

/// A child: an element, character data, or serialised XML that is written out as it is.
struct Node {
    enum class Kind : std::uint8_t { element, text, raw };
    Kind kind = Kind::text;
    bool content_is_shared = false;  // of an element: see SharedRoot
    Node* next = nullptr;
    /// Text (unescaped), raw (well-formed XML with its own xmlns), or what an element contains, as
    /// it is written, if that is shared.
    std::string_view text;

    /// The element this node is; nullptr for text and raw. For walking mixed content.
    const Element* as_element() const;
};

class Element : private Node {
public:
    std::string_view name() const { return name_; }
    std::string_view ns() const { return ns_; }
    bool is(std::string_view ns, std::string_view name) const { return name_ == name && ns_ == ns; }

    /// Value of the attribute without namespace; empty if absent.
    std::string_view attr(std::string_view name) const;
    std::optional<std::string_view> find_attr(std::string_view name,
                                              std::string_view ns = {}) const;
    bool has_attr(std::string_view name) const { return find_attr(name).has_value(); }
    const Attribute* first_attribute() const { return attributes_; }

    /// First child element with this name and namespace; nullptr if none. `name` "*" and an empty
    /// `ns` match any.
    const Element* child(std::string_view ns, std::string_view name) const;
    Element* child(std::string_view ns, std::string_view name);
    const Element* first_child() const;  // first child element
    Element* first_child();
    const Element* next_sibling() const;  // next sibling element
    Element* next_sibling();
    const Node* first_node() const { return first_; }
    /// Its content as it is written into its own namespace, if that was done before (SharedRoot).
    std::string_view written_content() const { return Node::text; }
    bool has_children() const { return first_child() != nullptr; }

    /// Character data of this element: its first text node (the parser joins adjacent pieces).
    std::string_view text() const;
    /// Text of that child; empty if there is none.
    std::string_view child_text(std::string_view ns, std::string_view name) const;

    /// Range over child elements: `for (const Element& e : parent.children())`.
    class Iterator {
    public:
        using value_type = const Element;
        using difference_type = std::ptrdiff_t;
        explicit Iterator(const Element* at = nullptr) : at_(at) {}
        const Element& operator*() const { return *at_; }
        const Element* operator->() const { return at_; }
        Iterator& operator++() {
            at_ = at_->next_sibling();
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const Element* at_;
    };
    struct Children {
        Iterator first;
        Iterator begin() const { return first; }
        Iterator end() const { return Iterator{}; }
    };
    Children children() const { return {Iterator{first_child()}}; }

    // Building. Everything given is copied into the arena; each call returns something to go on
    // with.
    Element& set_attr(std::string_view name, std::string_view value, std::string_view ns = {});
    void remove_attr(std::string_view name, std::string_view ns = {});
    /// Appends an element; an empty `ns` means this element's own namespace. Returns the new child.
    Element& add(std::string_view name, std::string_view ns = {});
    /// Appends character data (joined to preceding text). Returns *this.
    Element& add_text(std::string_view text);
    /// Appends `<name>text</name>` in this element's namespace (or `ns`). Returns *this.
    Element& add_text_child(std::string_view name, std::string_view text, std::string_view ns = {});
    /// Appends a deep copy. Returns the copy.
    Element& add_copy(const Element& other);
    /// Appends well-formed XML that carries its own xmlns and is written verbatim. Returns *this.
    Element& add_raw(std::string_view serialised);
    /// Unlinks a direct child element (also while iterating over the children). REQUIRES: `child`
    /// is a child of this element.
    void remove(const Element& child);

private:
    friend class Document;
    friend class SharedContent;  // xml_shared.h
    friend class SharedRoot;
    friend class TreeBuilder;  // the parser's side, xml_builder.h
    friend struct Node;
    Element(Arena& arena, std::string_view name, std::string_view ns)
        : Node{Kind::element, false, nullptr, {}}, name_(name), ns_(ns), arena_(&arena) {}
    /// Copies both names into the arena, except a namespace that lives forever or is `parent`'s
    /// too.
    static Element* create(Arena& arena, std::string_view name, std::string_view ns,
                           const Element* parent = nullptr);
    void append(Node* node);
    void append_attribute(std::string_view name, std::string_view value, std::string_view ns);
    void copy_attributes(const Element& other);
    void copy_content(const Element& other);
    void share_content(std::string_view written) {
        arena_ = nullptr;
        content_is_shared = true;
        Node::text = written;
    }

    std::string_view name_;
    std::string_view ns_;
    Attribute* attributes_ = nullptr;
    Node* first_ = nullptr;
    Node* last_ = nullptr;
    Arena* arena_;
};

/// Owns an arena and a root element. Movable: elements stay where they are.
class Document {
public:
    Document() = default;  // no root
    Document(std::string_view root_name, std::string_view root_ns);
    /// A Document moved from is empty.
    Document(Document&& other) noexcept;
    Document& operator=(Document&& other) noexcept;

    bool empty() const { return root_ == nullptr; }
    const Element& root() const { return *root_; }
    Element& root() { return *root_; }
    Document clone() const;
    /// A copy without room to grow, for what is kept long and changed no more.
    Document compact() const;
    /// One of many (xml_shared.h). `root` is kept by the caller. It is not to be changed.
    Document(SharedRoot& root, std::shared_ptr<const SharedContent> content);
    /// nullptr: it is not one of many.
    const std::shared_ptr<const SharedContent>& shared_content() const { return content_; }
    /// What it keeps in memory, what it shares included.
    std::size_t footprint() const;

private:
    friend class TreeBuilder;
    Document copy(std::size_t room) const;

    std::unique_ptr<Arena> arena_;  // stable address: elements point at it
    Element* root_ = nullptr;
    std::shared_ptr<const SharedContent> content_;
};

/// Parses one complete element (a stored stanza, a WebSocket frame, a golden text). The same rules
/// as the stream parser: no DTD, PI, comments or entities; at most 128 levels and 128 attributes
/// per element. An element without xmlns gets `default_ns`. Returns an empty Document if the text
/// is not exactly one well-formed element (white space around it does not matter).
Document parse_element(std::string_view text, std::string_view default_ns = {});

}  // namespace clarion::xml
