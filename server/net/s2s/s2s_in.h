// S2sIn: a stream that another server opened to us, from its first byte to its end.
//
// Lives on the shard that accepted it, owned (shared, so that tickets can hold it weakly) by its
// coroutine. It may carry several pairs of domains, each proved by SASL EXTERNAL, by certificate,
// or by dialback (proto/negotiation_s2s_in.h says how). Stanzas are routed from here; each opens an
// entry in an ack window, and reading pauses while that is too wide (docs/design/001-core.md, idea
// 3). Nothing but answers of the negotiation is ever written to it (RFC 6120, 4.5).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "proto/negotiation_s2s_in.h"
#include "server/core/routing/inbound_window.h"
#include "server/core/routing/trace.h"
#include "server/net/s2s/s2s_link_info.h"
#include "server/net/s2s/s2s_pairs.h"
#include "server/net/stream_driver.h"
#include "server/runtime/ticket.h"

namespace clarion::net {

class RemoteDomains;

class S2sIn final : public core::AckSink,
                    public StreamDriver,
                    public std::enable_shared_from_this<S2sIn> {
public:
    static void start(RemoteDomains& domains, ShardNet& net, std::unique_ptr<Transport> transport,
                      ConnectionCounts::Place place, bool direct_tls);

    S2sIn(RemoteDomains& domains, ShardNet& net, std::unique_ptr<Transport> transport,
          ConnectionCounts::Place place);
    ~S2sIn() override;

    bool authenticated() const { return !negotiation_.pairs().empty(); }
    /// One entry per domain pair; one without a local domain while there is none.
    std::vector<S2sLinkInfo> info() const;

    // AckSink
    void settle(std::uint32_t number, const StanzaError* error, const Origin& origin) override;
    void charge(std::uint32_t number, std::size_t bytes) override { window_.charge(number, bytes); }

private:
    /// `cost`: bytes of the element it is about.
    Step act(s2s::IncomingNegotiation::Next next, std::size_t cost = 0);
    void on_pair();
    void ask(std::size_t cost);
    void on_verdict(const s2s::VerifyAnswer& answer, std::size_t cost);
    void on_stanza(xml::Document&& element);
    void refuse(const xml::Element& element, const Error& why);
    void trace_answer(const xml::Element* element, std::size_t before);
    void fail(StreamErrorCondition condition, std::string_view why);
    s2s::IncomingPolicy policy() const;
    void touch();
    std::optional<ConnectionCounts::Place> place_for_question();
    void refuse_question(s2s::VerifyAnswer answer, std::size_t cost);

    // StreamConnection, StreamDriver
    std::string_view kind() const override { return "s2s-in"; }
    std::size_t object_size() const override { return sizeof *this; }
    core::TracedStream traced(const xml::Element* element) const override;
    std::string_view counted_as() const override;
    std::size_t max_send_buffer() const override;
    Duration send_timeout() const override;
    std::int64_t bytes_per_second() const override;
    void write_header() override;
    Step on_header() override;
    Step on_element(xml::Document&& element) override;
    void on_bad_xml() override;
    bool has_room() override;
    bool ends_at_once() const override { return true; }
    TlsSettings tls_settings() const override;
    void on_encrypted() override;
    void on_tls_failed(std::string_view why) override;
    void on_detached() override {}
    void on_deadline() override;
    std::optional<StreamErrorCondition> must_give_way() override;

    RemoteDomains& domains_;
    s2s::IncomingNegotiation negotiation_;
    std::string why_;  // it ended, for the log
    std::vector<S2sPairs::Place> pair_places_;
    core::InboundWindow window_;
    // Dialback keys: being verified, apart from the stanzas, which must not wait for them; and
    // those that did not prove true.
    std::size_t questions_ = 0;
    std::size_t question_bytes_ = 0;
    std::int64_t false_keys_ = 0;
    WallTime since_;
    bool extended_ = false;       // it had more time, for keys that were being verified
    bool verified_keys_ = false;  // for others, about keys of ours
};

}  // namespace clarion::net
