// What is behind ParserPool (xml_stream.h): the parsers themselves, those that lie ready, and who
// has borrowed one. Used by XmlStream only.
//
// Owner: the ParserPool; one thread. A borrower leaves the list before it, or the pool, goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "proto/xml_builder.h"
#include "proto/xml_expat.h"
#include "proto/xml_stream.h"

namespace clarion::xml {

/// A parser remembers every name it saw. After so many bytes it is replaced, so that a peer cannot
/// make it grow with ever new names.
inline constexpr std::size_t parser_lifetime = 256 * 1024;

/// What is borrowed from the pool: a parser and the element it is building.
struct Machine {
    ExpatParser parser;
    TreeBuilder builder;
};

/// Who holds a parser of the pool.
class Borrower {
public:
    /// Gives it back with ParserPool::Impl::release(), unless it is in the middle of something.
    virtual bool redeliver() = 0;

protected:
    virtual ~Borrower() = default;

private:
    friend struct ParserPool::Impl;
    std::optional<std::list<Borrower*>::iterator> place_;  // among those that hold one
};

struct ParserPool::Impl {
    std::size_t max_kept;
    std::size_t max_lent;
    std::uint64_t salt;
    std::vector<std::unique_ptr<Machine>> kept;
    std::list<Borrower*> lent;  // least recently used first

    /// A parser that reports to `events`. With `max_lent` of them lent, one that rests between two
    /// stanzas is taken from whoever used his least recently.
    std::unique_ptr<Machine> acquire(Borrower& borrower, XmlEvents& events);
    void release(Borrower& borrower, std::unique_ptr<Machine> machine);
    /// `borrower` uses what it has borrowed.
    void touch(Borrower& borrower);
    /// `borrower` keeps what it has borrowed, and the pool forgets about it.
    void forget(Borrower& borrower);

private:
    void reclaim();
};

}  // namespace clarion::xml
