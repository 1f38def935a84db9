#include "server/net/http/bosh_options.h"

namespace clarion::net {

namespace {

using namespace std::chrono_literals;

void declare_times(OptionTable<BoshOptions>& t) {
    t.add("origins", &BoshOptions::origins)
        .doc(
            "Sites whose pages may connect, such as \"https://chat.example.org\"; empty: all may. "
            "A "
            "browser says whose page it is; other clients say nothing, and may connect.");
    t.add("max_wait", &BoshOptions::max_wait)
        .min(0s)
        .max(10min)
        .doc(
            "How long a request may be held while there is nothing for its client, whatever that "
            "asks for. Less than what proxies before this server allow.");
    t.add("inactivity", &BoshOptions::inactivity)
        .min(5s)
        .max(10min)
        .doc(
            "How long a client may be without a request that is held. Then its connection counts "
            "as lost: its session hibernates, if it may, and ends otherwise.");
    t.add("max_pause", &BoshOptions::max_pause)
        .min(0s)
        .max(1h)
        .doc("How long it may be so if it says so before. 0: clients cannot.");
    t.add("min_polling", &BoshOptions::min_polling)
        .min(0s)
        .max(1min)
        .doc(
            "A client that asks again and again although a request is held, or although it lets "
            "none be held, may do so this often. 0: as often as it likes.");
}

void declare_sizes(OptionTable<BoshOptions>& t) {
    t.add("max_hold", &BoshOptions::max_hold)
        .min(0)
        .max(2)
        .doc("Requests of a client that are held at most. It may have one more on its way.");
    t.add("max_body", &BoshOptions::max_body)
        .min(16384)
        .max(std::int64_t{64} << 20)
        .unit("bytes")
        .doc(
            "The longest body of a request. A stanza needs some more than its own size. While "
            "what a client sent cannot be taken yet, as many of them as it may have requests are "
            "kept.");
    t.add("max_answer", &BoshOptions::max_answer)
        .min(1024)
        .max(std::int64_t{64} << 20)
        .unit("bytes")
        .doc(
            "What an answer may be long; more goes into the next one, and only one stanza may "
            "exceed it. As many as a client may have requests are kept, so that it can ask for "
            "them again.");
}

}  // namespace

void BoshOptions::declare(OptionTable<BoshOptions>& t) {
    t.section("bosh",
              "Clients that speak XMPP over HTTP requests (BOSH, XEP-0124 and XEP-0206), from "
              "browsers for one, at [[listen]] type = \"https\" and \"http\". They count among "
              "the connections of [limits], and what [c2s] says of clients holds for them.")
        .live();
    t.add("path", &BoshOptions::path)
        .doc("Where it is: clients POST to https://HOST/http-bind. Empty: nowhere.");
    declare_times(t);
    declare_sizes(t);
}

}  // namespace clarion::net
