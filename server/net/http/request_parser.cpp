#include "server/net/http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.h"
#include "server/core/http/http_target.h"

namespace clarion::net {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

namespace {

constexpr std::size_t max_target = 8192;
constexpr std::size_t max_fields = 100;
constexpr std::size_t least_chunks = std::string_view("0\r\n\r\n").size();
/// What a chunk needs around its bytes: sixteen digits and two ends of lines.
constexpr std::size_t usual_framing = 20;

std::string copy(string_view text) { return {text.data(), text.size()}; }

RequestParser::Failure failure_of(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return {431, "the head of the request is too long"};
    if (error == http::error::bad_version)
        return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    if (error == http::error::bad_content_length || error == http::error::multiple_content_length)
        return {400, "the length of the body cannot be read, or is said twice"};
    if (error == http::error::bad_transfer_encoding)
        return {400, "Transfer-Encoding and Content-Length contradict each other"};
    if (error == http::error::body_limit) return {413, "the body is too long"};
    return {400, "this is no HTTP request"};
}

}  // namespace

/// What Beast calls.
class RequestParser::Beast final : public http::basic_parser<true> {
public:
    explicit Beast(RequestParser& to) : to_(to) {}

private:
    void on_request_impl(http::verb, string_view method, string_view target, int version,
                         error_code&) override {
        to_.request_.method = copy(method);
        to_.target_ = copy(target);
        to_.version_ = static_cast<unsigned>(version);
    }
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(http::field, string_view name, string_view value,
                       error_code& error) override {
        if (is_header_done()) return;  // trailers say nothing to anybody here
        if (to_.request_.fields.size() == max_fields) error = http::error::header_limit;
        to_.request_.fields.emplace_back(copy(name), copy(value));
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view piece, error_code&) override {
        to_.piece_ = {piece.data(), piece.size()};
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {
        to_.framing_left_ += usual_framing;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
        to_.piece_ = {piece.data(), piece.size()};
        return piece.size();
    }
    void on_finish_impl(error_code&) override {}

    RequestParser& to_;
};

RequestParser::RequestParser(std::size_t max_head)
    : beast_(std::make_unique<Beast>(*this)), framing_left_(max_head) {
    beast_->header_limit(static_cast<std::uint32_t>(max_head));
    beast_->body_limit(boost::none);  // each route has its own
    beast_->eager(false);
}
RequestParser::~RequestParser() = default;

void RequestParser::fail(unsigned status, std::string_view text) {
    state_ = State::failed;
    failure_ = {status, text};
}

std::size_t RequestParser::put(std::string_view bytes) {
    piece_ = {};
    if (state_ == State::failed || state_ == State::done || bytes.empty()) return 0;
    // Beast asserts that it is not asked again with less of the last chunk; nothing shorter could be
    // the rest of a body in chunks.
    if (state_ == State::body && beast_->chunked() && bytes.size() < least_chunks) return 0;
    error_code error;
    const std::size_t used =
        beast_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error && error != http::error::need_more) {
        failure_ = failure_of(error);
        state_ = State::failed;
        return used;
    }
    if (state_ == State::body && beast_->chunked()) check_framing(bytes.size(), used);
    if (error || state_ == State::failed) return used;
    if (state_ == State::head && beast_->is_header_done()) check_head();
    if (state_ == State::body && beast_->is_done()) state_ = State::done;
    return used;
}

/// Sizes, extensions and trailers of chunks say nothing to anybody here (RFC 9112, 7.1.1: their length
/// ought to be limited). What is used of them counts, and so does what is kept because their end is
/// still to come: nobody else counts either, for it is no piece of the body.
void RequestParser::check_framing(std::size_t offered, std::size_t used) {
    const std::size_t framing = used - piece_.size();
    const std::size_t waiting = used == 0 ? offered : 0;
    if (framing + waiting > framing_left_)
        return fail(431, "what is around the chunks of the body is too long");
    framing_left_ -= framing;
}

bool RequestParser::has_body() const { return !beast_->is_done(); }
bool RequestParser::keep_alive() const { return state_ != State::failed && beast_->keep_alive(); }

void RequestParser::check_head() {
    state_ = State::body;
    if (version_ != 10 && version_ != 11)
        return fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    const std::string_view encoding = request_.field("Transfer-Encoding");
    if (!encoding.empty() && !equal_ignoring_case(trim(encoding), "chunked"))
        return fail(501, "of transfer encodings only chunked is understood");
    if (!encoding.empty() && version_ == 10) return fail(400, "HTTP/1.0 has no chunks");
    if (const auto length = beast_->content_length()) request_.length = *length;
    const std::string_view expect = request_.field("Expect");
    if (!expect.empty() && !equal_ignoring_case(expect, "100-continue"))
        return fail(417, "only 100-continue can be expected");
    awaits_continue_ = !expect.empty() && version_ == 11;
    check_host();
    if (state_ != State::failed) check_target();
}

/// RFC 9112, 3.2: one, and one that can be read.
void RequestParser::check_host() {
    const auto is_host = [](const core::HttpField& field) {
        return equal_ignoring_case(field.first, "Host");
    };
    const auto count = std::count_if(request_.fields.begin(), request_.fields.end(), is_host);
    if (count > 1 || (count == 0 && version_ == 11)) return fail(400, "there must be one Host");
    if (count == 0) return;
    auto host = core::parse_http_host(request_.field("Host"));
    if (!host) return fail(400, "Host is no name of a host");
    request_.host = std::move(*host);
}

void RequestParser::check_target() {
    if (target_.size() > max_target) return fail(414, "what is asked for has too long a name");
    if (target_ == "*" && request_.method == "OPTIONS") {
        request_.path = "*";
        return;
    }
    auto target = core::parse_http_target(target_);
    if (!target) return fail(400, "what is asked for has an impossible name");
    request_.path = std::move(target->path);
    request_.query = std::move(target->query);
    if (!target->host.empty()) request_.host = std::move(target->host);
}

}  // namespace clarion::net
