// The pages of the console.
#pragma once

#include "server/app/console/visit.h"
#include "server/core/http/web_page.h"

namespace clarion::app {

/// A page below /admin/, whole.
Task<core::HttpResponse> admin_page(const Visit& visit);

/// A page below /me/, whole.
Task<core::HttpResponse> account_page(const Visit& visit);
/// What may be run from there, and only about the account itself. Error "forbidden".
Result<> check_own_command(const Visit& visit, std::string_view command,
                           const boost::json::object& arguments);
/// The mark of the new one (core::credentials_mark). Errors: "not-acceptable", with a sentence.
Task<Result<std::string>> change_password(const Visit& visit, const core::HttpForm& form);
/// A link by which somebody becomes a contact, as users may make it (XEP-0401).
Task<Result<std::string>> invite_friend(const Visit& visit);

/// What a command did, in a sentence.
std::string describe_outcome(const core::AdminCommand& command, const boost::json::value& result);

/// With the bar above, and what is to be said once.
core::HttpResponse console_page(const Visit& visit, std::string title, core::Html body,
                                unsigned status = 200);
/// A piece of a page: what a command answers, or why not.
core::Html card(std::string_view title, const core::Html& inside);
core::Html problem(const Error& error);

}  // namespace clarion::app
