#include "server/net/http/http_connection.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/net/loop.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::Wire;
using clarion::test::WireClient;

namespace {

/// Says what was asked.
Task<core::HttpResponse> echo(core::Context&, core::HttpRequest request) {
    core::HttpResponse response = core::http_text(
        200, request.method + " " + request.path + " ?" + request.query + " @" + request.host +
                 " from " + request.peer.address + (request.peer.encrypted ? " encrypted" : "") +
                 " [" + request.body + "]");
    response.fields.emplace_back("X-Said", std::string(request.field("x-say")));
    response.fields.emplace_back("X-Evil", "a\r\nSet-Cookie: b");
    co_return response;
}

/// Keeps what was sent to it.
struct Kept {
    std::string body;
    bool finished = false;
    bool gone = false;
    std::size_t most = 1 << 20;
};

class Sink final : public core::HttpBodySink {
public:
    explicit Sink(Kept& kept) : kept_(kept) {}
    ~Sink() override { kept_.gone = !kept_.finished; }
    Task<std::optional<core::HttpResponse>> write(std::string_view piece) override {
        kept_.body += piece;
        if (kept_.body.size() > kept_.most) co_return core::http_text(507, "full");
        co_return std::nullopt;
    }
    Task<core::HttpResponse> finish() override {
        kept_.finished = true;
        co_return core::http_text(201, "kept");
    }

private:
    Kept& kept_;
};

/// Says two words, and then nothing.
class Words final : public core::HttpFeed {
public:
    explicit Words(core::Context& context) : context_(context) {}
    Task<std::string> next() override {
        if (++asked_ > 2) co_await context_.shard().sleep(std::chrono::seconds(1));
        co_return asked_ == 1 ? "one " : asked_ == 2 ? "two" : "";
    }

private:
    core::Context& context_;
    int asked_ = 0;
};

/// Says two words; with the second it is at its end, or cannot go on.
class Document final : public core::HttpFeed {
public:
    explicit Document(End last) : last_(last) {}
    Task<std::string> next() override { co_return ++asked_ == 1 ? "one " : "two"; }
    End end() const override { return asked_ < 2 ? End::ahead : last_; }

private:
    End last_;
    int asked_ = 0;
};

struct Web : Wire {
    explicit Web(const std::string& config = {}) : Wire(std::string(test::insecure) + config) {
        for (unsigned i = 0; i < shards; ++i) add_routes(world.core(i).http_routes());
        port = listen("http", 0);
    }
    static Task<core::HttpResponse> document(core::HttpFeed::End last) {
        core::HttpResponse response;
        response.body = std::make_unique<Document>(last);
        co_return response;
    }
    void add_routes(core::HttpRoutes& routes) {
        routes.add({.path = "/echo/",
                    .methods = {"GET", "POST"},
                    .max_body = 1000,
                    .cors = core::HttpCors::any_origin,
                    .cors_fields = "Content-Type",
                    .handle = echo});
        routes.add({.path = "/plain", .methods = {"GET"}, .handle = echo});
        routes.add({.path = "/note/",
                    .methods = {"GET"},
                    .handle = [this](core::Context& context, core::HttpRequest request) {
                        noted += request.path.back();
                        return echo(context, std::move(request));
                    }});
        routes.add(
            {.path = "/feed",
             .methods = {"GET"},
             .handle = [](core::Context& context, core::HttpRequest) -> Task<core::HttpResponse> {
                 core::HttpResponse response;
                 response.body = std::make_unique<Words>(context);
                 co_return response;
             }});
        for (const auto& [path, last] : {std::pair("/document", core::HttpFeed::End::reached),
                                         std::pair("/torn", core::HttpFeed::End::broken)})
            routes.add({.path = path,
                        .methods = {"GET"},
                        .handle = [last = last](core::Context&, core::HttpRequest) {
                            return document(last);
                        }});
        routes.add({.path = "/put",
                    .methods = {"PUT"},
                    .receive = [this](core::Context&,
                                      core::HttpRequest request) -> Task<core::HttpReceipt> {
                        if (request.field("X-No") == "1") co_return core::http_text(403, "not you");
                        co_return std::make_unique<Sink>(kept);
                    }});
        routes.add(
            {.path = "/file",
             .methods = {"GET"},
             .handle = [this](core::Context&, core::HttpRequest) -> Task<core::HttpResponse> {
                 core::HttpResponse response;
                 response.body = file;
                 co_return response;
             }});
    }
    /// The whole answer to a request that ends the connection.
    std::string ask(std::string_view request, const char* from = "127.0.0.1") {
        WireClient client(*this, port, from);
        client.send(request);
        client.expect_end();
        return client.received;
    }
    std::string get(const std::string& target, const std::string& fields = {}) {
        return ask("GET " + target + " HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n" +
                   fields + "\r\n");
    }

    std::uint16_t port = 0;
    Kept kept;
    core::HttpFile file;
    std::string noted;  // the last letters of what was asked below /note/, in order
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}
std::string status(const std::string& answer) {
    return answer.substr(0, 9) == "HTTP/1.1 " ? answer.substr(9, 3) : answer;
}

}  // namespace

TEST_CASE("requests are answered by route, in order, on one connection") {
    Web web;
    WireClient client(web, web.port);
    client.send(
        "GET /echo/a%20b?c=d HTTP/1.1\r\nHost: Example.Org:5280\r\nX-Say: \t hi \r\n\r\n"
        "HEAD /echo/ HTTP/1.1\r\nHost: example.org\r\n\r\n"
        "POST /echo/x HTTP/1.1\r\nHost: example.org\r\nContent-Length: 3\r\n\r\nabc"
        "POST /echo/y HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nde\r\n1;x=y\r\nf\r\n0\r\nTrailer: x\r\n\r\n"
        "GET /plain HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
    client.expect_end();
    const std::string& got = client.received;
    CHECK(has(got, "GET /echo/a b ?c=d @example.org from 127.0.0.1 []"));
    CHECK(has(got, "X-Said: hi\r\n"));
    CHECK(has(got, "X-Evil: a  Set-Cookie: b\r\n"));  // a value begins no other field
    CHECK_FALSE(has(got, "HEAD /echo/ ?"));           // only the head of it
    CHECK(has(got, "POST /echo/x ? @example.org from 127.0.0.1 [abc]"));
    CHECK(has(got, "[def]"));
    CHECK(has(got, "GET /plain ?"));
    CHECK(has(got, "Access-Control-Allow-Origin: *\r\n"));
    CHECK(got.find("Connection: close") > got.find("[def]"));
}

TEST_CASE("who asks much at once waits for others after each answer") {
    Web web;
    WireClient many(web, web.port), one(web, web.port);
    web.settle();
    std::string requests;
    for (int i = 0; i < 60; ++i) requests += "GET /note/m HTTP/1.1\r\nHost: x\r\n\r\n";
    many.send(requests);
    one.send("GET /note/o HTTP/1.1\r\nHost: x\r\n\r\n");
    web.run_until([&web] { return web.noted.size() == 61; });
    CHECK(web.noted.find('o') <= 2);
}

TEST_CASE("what is no request, or may not be one, is answered and ends the connection") {
    Web web;
    const std::string host = "Host: example.org\r\n";
    struct Row {
        std::string request, status;
    };
    const std::vector<Row> rows{
        {"nonsense\r\n\r\n", "400"},
        {"GET /plain HTTP/1.1\r\n\r\n", "400"},                         // no Host
        {"GET /plain HTTP/1.1\r\n" + host + host + "\r\n", "400"},      // two
        {"GET /plain HTTP/1.1\r\nHost: a b\r\n\r\n", "400"},            //
        {"GET /plain HTTP/2.0\r\n" + host + "\r\n", "505"},             //
        {"GET  /plain HTTP/1.1\r\n" + host + "\r\n", "400"},            //
        {"GET plain HTTP/1.1\r\n" + host + "\r\n", "400"},              //
        {"GET /plain HTTP/1.1\n" + host + "\r\n\r\n", "505"},           // bare LF
        {"GET /plain HTTP/1.1\r\nHost: example.org\n\r\n\r\n", "400"},  // bare LF
        {"GET /plain HTTP/1.1\r\n" + host + "A : b\r\n\r\n", "400"},    // space
        {"GET /plain HTTP/1.1\r\n" + host + "A: b\rc\r\n\r\n", "400"},  //
        {"GET /../etc/passwd HTTP/1.1\r\n" + host + "\r\n", "400"},     //
        {"GET /echo/%2e%2e/x HTTP/1.1\r\n" + host + "\r\n", "400"},     //
        {"GET /echo/..%2fx HTTP/1.1\r\n" + host + "\r\n", "400"},       //
        {"GET /echo/%00 HTTP/1.1\r\n" + host + "\r\n", "400"},          //
        {"GET /echo/%0d%0aX:y HTTP/1.1\r\n" + host + "\r\n", "400"},    //
        {"GET /echo/%zz HTTP/1.1\r\n" + host + "\r\n", "400"},          //
        {"GET /echo/%5c..%5cx HTTP/1.1\r\n" + host + "\r\n", "400"},    //
        {"POST /echo/ HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
         "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host +
             "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host +
             "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
         "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n", "501"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Content-Length: 1e3\r\n\r\n", "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host +
             "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
         "400"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Content-Length: 1001\r\nConnection: close\r\n\r\n",
         "413"},
        {"POST /echo/ HTTP/1.1\r\n" + host + "Expect: miracles\r\nContent-Length: 1\r\n\r\n",
         "417"},
        {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "414"},
        {"GET /plain HTTP/1.1\r\n" + host + "A: " + std::string(20000, 'b') + "\r\n\r\n", "431"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.request.substr(0, 100));
        CHECK(status(web.ask(row.request)) == row.status);
    }
    std::string many = "GET /plain HTTP/1.1\r\n" + host;
    for (int i = 0; i < 200; ++i) many += "A: b\r\n";
    CHECK(status(web.ask(many + "\r\n")) == "431");
}

TEST_CASE("what is around the chunks of a body is bounded like a head, also if it never ends") {
    Web web;
    const std::string head =
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: "
        "chunked\r\n\r\n";
    const std::string endless(300000, 'a'), zeros(300000, '0');
    std::string extended, trailers = "0\r\n", usual;
    for (int i = 0; i < 100; ++i) {
        extended += "1;" + std::string(1000, 'e') + "\r\nx\r\n";
        trailers += "A: " + std::string(1000, 't') + "\r\n";
        usual += "1\r\nx\r\n";
    }
    CHECK(status(web.ask(head + "1;" + endless)) == "431");
    CHECK(status(web.ask(head + zeros)) == "431");
    CHECK(status(web.ask(head + "0\r\n" + endless)) == "431");
    CHECK(status(web.ask(head + trailers + "\r\n")) == "431");
    CHECK(status(web.ask(head + extended + "0\r\n\r\n")) == "431");
    // Small chunks are no fault.
    CHECK(has(web.ask(head + usual + "0\r\n\r\n"), "[" + std::string(100, 'x') + "]"));
}

TEST_CASE("methods: 405 says which there are, OPTIONS too, for pages of other sites as well") {
    Web web;
    const std::string refused =
        web.ask("DELETE /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(status(refused) == "405");
    CHECK(has(refused, "Allow: OPTIONS, GET, HEAD\r\n"));
    const std::string options =
        web.ask("OPTIONS /echo/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(status(options) == "204");
    CHECK(has(options, "Access-Control-Allow-Origin: *\r\n"));
    CHECK(has(options, "Access-Control-Allow-Methods: OPTIONS, GET, HEAD, POST\r\n"));
    CHECK(has(options, "Access-Control-Allow-Headers: Content-Type\r\n"));
    CHECK_FALSE(has(options, "Access-Control-Allow-Credentials"));
    CHECK_FALSE(has(web.get("/plain"), "Access-Control"));
    CHECK(status(web.get("/nothing")) == "404");
}

TEST_CASE("HTTP/1.0 is answered and closed, unless it asks for more") {
    Web web;
    CHECK(has(web.ask("GET /plain HTTP/1.0\r\n\r\n"), "Connection: close\r\n"));
    WireClient client(web, web.port);
    const std::string answer =
        client.ask("GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "]\n");
    CHECK(has(answer, "Connection: keep-alive\r\n"));
    CHECK_FALSE(client.ended());
}

TEST_CASE("a body is given to who takes it as it comes") {
    Web web;
    const std::string head = "PUT /put HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    SUBCASE("whole, in pieces") {
        WireClient client(web, web.port);
        client.send(head + "Content-Length: 300000\r\nExpect: 100-continue\r\n\r\n");
        client.expect("HTTP/1.1 100 Continue\r\n\r\n");
        std::string body(300000, 'x');
        body[0] = 'a';
        std::string_view rest = body;
        while (!rest.empty()) {
            rest.remove_prefix(client.send_some(rest));
            web.settle();
        }
        client.expect("201 Created");
        CHECK(web.kept.body == body);
        CHECK(web.kept.finished);
    }
    SUBCASE("broken off: it is never finished") {
        WireClient client(web, web.port);
        client.send(head + "Content-Length: 100\r\n\r\nabc");
        web.settle();
        CHECK(web.kept.body == "abc");
        client.close();
        web.settle();
        CHECK(web.kept.gone);
    }
    SUBCASE("refused by its head: nothing is read") {
        const std::string answer =
            web.ask(head + "X-No: 1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        CHECK(status(answer) == "403");
        CHECK_FALSE(has(answer, "100 Continue"));
    }
    SUBCASE("no more is wanted") {
        web.kept.most = 2;
        CHECK(status(web.ask(head + "Content-Length: 3\r\n\r\nabc")) == "507");
        CHECK(web.kept.gone);
    }
    SUBCASE("a body that nobody wants does not become the next request") {
        WireClient client(web, web.port);
        client.send(
            "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\n\r\n"
            "GET /plain HTTP/1.1\r\nA: b\r\n\r\nGET /echo/z HTTP/1.1\r\nHost: x\r\n"
            "Connection: close\r\n\r\n");
        client.expect_end();
        CHECK(status(client.received) == "404");
        CHECK(has(client.received, "GET /echo/z"));
        CHECK_FALSE(has(client.received, "GET /plain ?"));
    }
}

TEST_CASE("a body in chunks may come byte by byte, an empty one too") {
    Web web;
    for (const std::string body : {"0\r\n\r\n", "3\r\nabc\r\n0\r\nA: b\r\n\r\n"}) {
        WireClient client(web, web.port);
        client.send(
            "POST /echo/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
        for (const char c : body) {
            web.settle();
            client.send({&c, 1});
        }
        client.expect_end();
        CHECK(has(client.received, body.front() == '0' ? "[]" : "[abc]"));
    }
}

TEST_CASE("a file is sent as far as was said") {
    Web web;
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    std::string content;
    for (int i = 0; i < 200000; ++i) content += std::to_string(i);
    {
        FileDescriptor out(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        REQUIRE(::write(out.get(), content.data(), content.size()) ==
                static_cast<ssize_t>(content.size()));
    }
    web.file.file = std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    web.file.offset = 10;
    web.file.size = content.size() - 20;
    const std::string answer = web.get("/file");
    CHECK(has(answer, "Content-Length: " + std::to_string(content.size() - 20) + "\r\n"));
    CHECK(answer.substr(answer.find("\r\n\r\n") + 4) == content.substr(10, content.size() - 20));
}

TEST_CASE("of a file that has become shorter the client sees that it is not whole") {
    Web web;
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    FileDescriptor out(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    REQUIRE(::write(out.get(), "0123456789", 10) == 10);
    web.file.file = std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    web.file.size = 20;
    const std::string answer = web.ask("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(has(answer, "Content-Length: 20\r\n"));
    CHECK(answer.ends_with("\r\n\r\n0123456789"));
}

TEST_CASE("a feed goes on until its reader goes; HTTP/1.0 has it without chunks") {
    Web web;
    WireClient newer(web, web.port), older(web, web.port);
    const std::string chunks =
        newer.ask("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n", "4\r\none \r\n3\r\ntwo\r\n");
    CHECK(has(chunks, "Transfer-Encoding: chunked\r\n"));
    const std::string plain = older.ask("GET /feed HTTP/1.0\r\nHost: x\r\n\r\n", "one two");
    CHECK_FALSE(has(plain, "Transfer-Encoding"));
    CHECK_FALSE(has(plain, "Content-Length"));
    CHECK(has(plain, "Connection: close\r\n"));
}

TEST_CASE("a feed with an end has a last chunk, unless it breaks before") {
    Web web;
    const std::string whole = web.ask("GET /document HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(whole.ends_with("4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"));
    const std::string torn = web.ask("GET /torn HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(has(torn, "4\r\none \r\n"));
    CHECK_FALSE(has(torn, "\r\n0\r\n"));
}

TEST_CASE("who is slow is cut: a head, a body, silence between requests") {
    Web web(
        "[http]\nheader_timeout = \"5s\"\nidle_timeout = \"20s\"\nmin_bytes_per_second = 100\n");
    WireClient silent(web, web.port), head(web, web.port), body(web, web.port), idle(web, web.port);
    head.send("GET /plain HTTP/1.1\r\nHo");
    body.send("PUT /put HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    idle.ask("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n", "]\n");
    web.settle();
    for (int i = 0; i < 7; ++i) {
        web.advance(std::chrono::seconds(1));
        if (i % 2 == 0) head.send("s");  // a byte now and then helps nobody
        body.send("0123456789");         // a tenth of what it must be
    }
    CHECK(silent.ended());
    CHECK(head.ended());
    CHECK_FALSE(idle.ended());
    CHECK_FALSE(body.ended());
    for (int i = 0; i < 15; ++i) {
        web.advance(std::chrono::seconds(1));
        body.send("0123456789");
    }
    CHECK(idle.ended());
    for (int i = 0; i < 15; ++i) {
        web.advance(std::chrono::seconds(1));
        body.send("0123456789");
    }
    CHECK(body.ended());
    CHECK(web.kept.gone);
}

TEST_CASE("an address has so many connections, and so many in all wait") {
    Web web("[http]\nconnections_per_address = 3\nidle_connections = 4\n");
    std::vector<std::unique_ptr<WireClient>> mine;
    for (int i = 0; i < 4; ++i)
        mine.push_back(std::make_unique<WireClient>(web, web.port, "127.0.0.1"));
    web.settle();
    CHECK(mine[3]->ended());
    CHECK_FALSE(mine[2]->ended());
    WireClient other(web, web.port, "127.0.0.2"), third(web, web.port, "127.0.0.3");
    web.settle();
    web.advance(std::chrono::seconds(1));
    CHECK(mine[0]->ended());  // the oldest of who has most made room
    CHECK(has(third.ask("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n", "]\n"), "200 OK"));
}

TEST_CASE("a reverse proxy is believed if it is trusted") {
    Web web("[http]\ntrusted_proxies = [\"127.0.0.9\", \"10.0.0.0/8\"]\n");
    const std::string forwarded =
        "GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-Proto: https\r\n"
        "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3\r\n\r\n";
    const std::string by_proxy = web.ask(forwarded, "127.0.0.9");
    CHECK(has(by_proxy, "from 192.0.2.7 encrypted ["));
    CHECK(has(web.ask(forwarded, "127.0.0.8"), "from 127.0.0.8 ["));
    CHECK(has(web.ask("GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      "X-Forwarded-For: 192.0.2.7\r\n\r\n",
                      "127.0.0.9"),
              "from 192.0.2.7 ["));
    CHECK(has(web.ask("GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      "X-Forwarded-Proto: https\r\nX-Forwarded-For: nonsense\r\n\r\n",
                      "127.0.0.9"),
              "from 127.0.0.9 encrypted ["));
}
