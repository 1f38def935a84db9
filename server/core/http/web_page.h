// WebPage: a page that the server makes itself (console, account, invitations), with what they all
// have: one look, for phones and desktops, light and dark, and the headers that keep it safe.
//
// Pages work without script; what there is of it makes them more pleasant. Neither pages nor what they
// load come from anywhere else, and no other site may show them in a frame.
#pragma once

#include <string>
#include <string_view>

#include "server/core/http/html.h"
#include "server/core/http/http_routes.h"

namespace clarion::core {

struct WebPage {
    std::string title;
    Html body;      // of <main>
    Html header{};  // above it: what leads to other pages
    unsigned status = 200;
    /// Its address is a secret: browsers tell it to nobody, not even to us.
    bool secret_address = false;
};

/// Not to be kept by browsers or in between.
HttpResponse answer_with_page(WebPage page);

/// After a form was carried out: the browser asks for that page (303).
HttpResponse see_other(std::string location);

/// The style and the script of pages, at style_path and script_path. Once per shard.
void serve_page_assets(HttpRoutes& routes);

inline constexpr std::string_view style_path = "/.clarion/style.css";
inline constexpr std::string_view script_path = "/.clarion/script.js";

}  // namespace clarion::core
