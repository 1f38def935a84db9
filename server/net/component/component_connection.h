// ComponentConnection: an external component on its stream (XEP-0114, jabber:component:accept).
//
// Like a C2sConnection it is one coroutine that reads, and moves once, to the home shard of the
// component's domain, before it authenticates. There it attaches to Context::links(); from then on
// stanzas for the domain come to deliver(). Every stanza it sends has a ticket, so it is read no
// faster than its stanzas are settled.
// Owned (shared, so that tickets can hold it weakly) by its coroutine.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/task.h"
#include "server/core/address/domains.h"
#include "server/core/address/homes.h"
#include "server/core/options.h"
#include "server/core/routing/domain_links.h"
#include "server/core/routing/inbound_window.h"
#include "server/core/routing/trace.h"
#include "server/net/stream_driver.h"
#include "server/runtime/ticket.h"

namespace clarion::net {

class ComponentConnection final : public core::ComponentPort,
                                  public core::AckSink,
                                  public StreamDriver,
                                  public std::enable_shared_from_this<ComponentConnection> {
public:
    /// Takes over an accepted socket, unless a limit is reached.
    static void accept(ShardNet& net, std::unique_ptr<Transport> transport);

    ComponentConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                        ConnectionCounts::Place place);
    ~ComponentConnection() override;

    // ComponentPort
    void deliver(core::Envelope envelope) override;
    void give_way() override;
    void leave(bool at_once) override;
    // AckSink
    void settle(std::uint32_t number, const StanzaError* error, const Origin& origin) override;
    void charge(std::uint32_t number, std::size_t bytes) override { window_.charge(number, bytes); }

private:
    void on_handshake(const xml::Element& handshake);
    bool take_place(const core::ComponentOptions& mine);
    void tell_attached() const;
    void on_stanza(xml::Document&& element);
    void refuse(const xml::Element& element, const Error& why);
    void write(const xml::Element& stanza);
    /// nullptr if the domain is (no longer) configured.
    const core::ComponentOptions* options() const;

    // StreamConnection, StreamDriver
    std::string_view kind() const override { return "component"; }
    std::size_t object_size() const override { return sizeof *this; }
    core::TracedStream traced(const xml::Element*) const override {
        return {kind(), {}, domain_, domain_};
    }
    std::string_view counted_as() const override {
        return attached_ ? std::string_view(domain_) : network();
    }
    std::size_t max_send_buffer() const override;
    Duration send_timeout() const override;
    void write_header() override;
    Step on_header() override;
    Step on_element(xml::Document&& element) override;
    bool has_room() override;
    bool waits_for_send_room() const override { return true; }
    unsigned home() const override { return context().homes().shard_of(domain_); }
    Step on_arrived() override;
    void on_detached() override;
    void on_deadline() override;

    std::string domain_;
    std::string peer_;  // 'from' of its header, usually absent
    std::string stream_id_;
    core::InboundWindow window_;
    bool attached_ = false;
};

}  // namespace clarion::net
