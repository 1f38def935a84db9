// Stanza: a message, presence or iq with its addresses and type already understood.
//
// Built once, when it is parsed or composed; then shared as StanzaPtr, immutable, by everything
// that handles it, on any shard. Who needs to change one (archive adds a stanza-id, carbons wrap)
// calls editable(), which copies only if somebody else holds it too. Inside the server every stanza
// is in the namespace jabber:client (see xml_writer.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "proto/jid.h"
#include "proto/stanza_error.h"
#include "proto/xml.h"

namespace clarion {

enum class StanzaKind : std::uint8_t { message, presence, iq };

/// The 'type' attribute of all three kinds (RFC 6121 4.7.1 and 5.2.2, RFC 6120 8.2.3).
enum class StanzaType : std::uint8_t {
    // message
    normal,
    chat,
    groupchat,
    headline,
    // presence
    available,
    unavailable,
    subscribe,
    subscribed,
    unsubscribe,
    unsubscribed,
    probe,
    // iq
    get,
    set,
    result,
    // all three
    error,
};

class Stanza {
public:
    /// Understands a parsed top-level element. Errors: "bad-format" if it is no stanza at all
    /// (a stream error), "jid-malformed" for 'to' or 'from', "bad-request" for an unknown type of
    /// presence or iq, a missing id on iq (an error, which nobody answers, may lack it), or an iq
    /// without exactly the child it needs.
    /// An unknown message type reads as `normal` (RFC 6121, 5.2.2).
    /// On an error `document` is left as it was, for make_refusal().
    static Result<std::shared_ptr<Stanza>> from_document(xml::Document&& document);
    /// The same for what this server wrote and reads back: an error may carry as 'from' the
    /// malformed address it is about (make_refusal()); from() is empty then.
    static Result<std::shared_ptr<Stanza>> from_stored(xml::Document&& document);

    /// A new stanza with 'type' set (not written for normal and available), to be filled through
    /// root().
    static std::shared_ptr<Stanza> make(StanzaKind kind, StanzaType type, const Jid& from,
                                        const Jid& to, std::string_view id = {});

    StanzaKind kind() const { return kind_; }
    StanzaType type() const { return type_; }
    bool is_message() const { return kind_ == StanzaKind::message; }
    bool is_presence() const { return kind_ == StanzaKind::presence; }
    bool is_iq() const { return kind_ == StanzaKind::iq; }
    bool is_error() const { return type_ == StanzaType::error; }
    /// An iq of type get or set.
    bool is_request() const { return type_ == StanzaType::get || type_ == StanzaType::set; }

    const Jid& from() const { return shared_from_ ? *shared_from_ : from_; }
    const Jid& to() const { return to_; }
    std::string_view id() const { return document_.root().attr("id"); }
    std::string_view lang() const;

    const xml::Element& root() const { return document_.root(); }
    xml::Element& root() { return document_.root(); }
    /// First child in any namespace: an iq's payload. nullptr if none.
    const xml::Element* payload() const { return document_.root().first_child(); }
    /// Non-empty text of <body/>; empty if there is none.
    std::string_view body() const;

    void set_from(const Jid& from);
    void set_to(const Jid& to);
    void set_type(StanzaType type);

    std::shared_ptr<Stanza> clone() const;
    /// Whether it is one of those SaidToMany makes: not to be changed.
    bool shares_content() const { return document_.shared_content() != nullptr; }
    /// A copy of exactly its size, for what is kept long (a session's presence).
    std::shared_ptr<Stanza> compact() const;
    /// Approximate heap cost in bytes, for limits on queues.
    std::size_t cost() const { return sizeof(Stanza) + document_.footprint(); }

    /// REQUIRES: document's root is a stanza; used by from_document and make.
    Stanza(xml::Document&& document, StanzaKind kind, StanzaType type, Jid from, Jid to);

private:
    friend class SaidToMany;

    xml::Document document_;
    Jid from_;
    const Jid* shared_from_ = nullptr;  // of those who share it: in its place
    Jid to_;
    StanzaKind kind_;
    StanzaType type_;
};

using StanzaPtr = std::shared_ptr<const Stanza>;

/// A stanza that may be changed: `stanza` itself if the caller holds the only reference and it
/// shares its content with no other, else a copy.
std::shared_ptr<Stanza> editable(StanzaPtr&& stanza);

/// A stanza that is sent to many. Its copies share all but the address: one small allocation each,
/// and what they contain is written (serialised) once. May cross threads.
class SaidToMany {
public:
    SaidToMany() = default;  // nothing yet
    /// Nobody may change `stanza` any more (editable() sees to that).
    explicit SaidToMany(StanzaPtr stanza);

    explicit operator bool() const { return stanza_ != nullptr; }

    /// The same to somebody else. REQUIRES: there is something.
    StanzaPtr to(const Jid& addressee) const;

private:
    struct Copy;
    StanzaPtr stanza_;
    std::shared_ptr<const xml::SharedContent> content_;
};

/// The same stanza to somebody else, if there are not many.
inline StanzaPtr addressed_to(const Jid& to, const StanzaPtr& stanza) {
    return SaidToMany(stanza).to(to);
}

/// An empty result to a request, addresses swapped (RFC 6120, 8.2.3).
std::shared_ptr<Stanza> make_result(const Stanza& request);

/// The error answer to any stanza: addresses swapped, same id and kind; before <error/> what the
/// stanza was about (RFC 6120, 8.3.1), unless that is long. REQUIRES: stanza is not itself an error
/// (nor an iq result): those are never answered.
std::shared_ptr<Stanza> make_error(const Stanza& stanza, const StanzaError& error);
/// Whether RFC 6120 allows an error answer to it (8.3.1: never to an error, nor an iq result).
bool may_answer_with_error(const Stanza& stanza);

/// The error answer to an element that Stanza::from_document refused with `why`: what there is of
/// it is echoed, and nothing is needed. Same kind, its id if it has one, 'from' its 'to' as it was
/// written (RFC 6120, 8.3.3.8; from() is empty if that is no address), 'to' its 'from' if that is
/// an address. nullptr if it must not be answered (8.3.1), or is no stanza.
std::shared_ptr<Stanza> make_refusal(const xml::Element& refused, const Error& why);

}  // namespace clarion
