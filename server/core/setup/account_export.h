// An account's data as one XML document (XEP-0227 1.1), for its user or an administrator: what the
// modules write (events/export_events.h), in pieces, so that nothing holds an archive as a whole.
//
//     std::string at;
//     do {
//         auto piece = co_await export_piece(here, jid, at, Credentials::left_out);
//         ...
//         at = piece->next;
//     } while (!at.empty());
//
// It is no snapshot: what changes while it is written may be in it or not. Every document that is
// complete is well-formed.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"
#include "server/core/http/http_message.h"

namespace clarion::core {

class Context;

/// Whoever has the keys can try passwords, and log in as the user where the same ones are in use:
/// for moving an account to another server, never for its user's browser.
enum class Credentials : bool { left_out, included };

struct ExportPiece {
    std::string xml;
    std::string next;  // what to ask for then; empty: that was the last piece
};

/// Any shard. `at`: empty: the beginning; else ExportPiece::next. Errors: "item-not-found" (there is
/// no such account, or no more), "usage" (`at` is nothing of that kind), storage errors.
Task<Result<ExportPiece>> export_piece(Context& here, Jid account, std::string at,
                                       Credentials credentials);

/// The whole document as the body of an answer. `here`: whose shard answers. If it cannot be
/// finished, the connection breaks, so that nobody takes a part for the whole.
std::unique_ptr<HttpFeed> export_account(Context& here, Jid account, Credentials credentials);

}  // namespace clarion::core
