#include "server/net/component/component_connection.h"

#include <limits>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "proto/crypto.h"
#include "proto/framing.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"
#include "server/core/delivery/crossing.h"
#include "server/core/events/s2s_events.h"
#include "server/core/routing/domain_links.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::net {

namespace {

constexpr Logger logger{"component"};

struct Connections {
    Gauge& open =
        metrics().gauge("clarion_connections", "Connections that are open", "type=\"component\"");
    Counter& accepted = metrics().counter("clarion_connections_accepted_total",
                                          "Connections accepted", "type=\"component\"");
};
Connections& counters() {
    static Connections all;
    return all;
}

}  // namespace

// --- from accept to the end ---------------------------------------------------------------------

void ComponentConnection::accept(ShardNet& net, std::unique_ptr<Transport> transport) {
    core::Context& context = net.context();
    const auto& limits = context.options<ConnectionLimits>();
    const SocketAddress peer = transport->peer_address();
    auto place = net.counts().admit(
        ConnectionCounts::Kind::component, peer.network(),
        {.per_network = limits.component_connections_per_address,
         .unauthenticated = context.options<core::LimitsOptions>().unauthenticated_connections,
         .new_per_second = limits.new_connections_per_second,
         .now = context.clock().steady()});
    if (!place) {
        if (context.refusals().admit(peer.network(), "too-many-connections"))
            logger.warning("too-many-connections", {{"address", peer.ip()}});
        return;
    }
    auto connection =
        std::make_shared<ComponentConnection>(net, std::move(transport), std::move(*place));
    counters().accepted.add();
    std::shared_ptr<StreamDriver> owner = std::move(connection);
    net.scope().spawn("component", drive(std::move(owner), Step::read));
}

ComponentConnection::ComponentConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                                         ConnectionCounts::Place place)
    : StreamDriver(net, std::move(transport), std::move(place), ns::component) {
    deadline_ = now() + context().options<core::C2sOptions>().authentication_timeout;
    counters().open.add(1);
}

ComponentConnection::~ComponentConnection() {
    counters().open.add(-1);
    if (!in_transit()) on_detached();
}

/// Our header, whose id the component signs, is written at the domain's home.
ComponentConnection::Step ComponentConnection::on_arrived() {
    write_header();
    return Step::parse;
}

// --- reading ------------------------------------------------------------------------------------

ComponentConnection::Step ComponentConnection::on_header() {
    const xml::StreamHeader& header = xml_.header();
    domain_ = prepare_domain(header.to).value_or({});
    peer_ = prepare_domain(header.from).value_or({});
    if (header.content_ns != ns::component) {
        begin_close(StreamErrorCondition::invalid_namespace);
        return Step::parse;
    }
    if (options() == nullptr) {
        if (context().refusals().admit(network(), "unknown-component"))
            logger.warning("unknown-component", {{"domain", header.to}, {"address", address()}});
        begin_close(StreamErrorCondition::host_unknown, "no such component is configured");
        return Step::parse;
    }
    if (!context().is_home(domain_)) return Step::move;
    return on_arrived();
}

ComponentConnection::Step ComponentConnection::on_element(xml::Document&& element) {
    if (attached_)
        on_stanza(std::move(element));
    else if (element.root().is(ns::client, "handshake"))  // the stream's own namespace (XmlStream)
        on_handshake(element.root());
    else
        begin_close(StreamErrorCondition::not_authorized, "a handshake comes first");
    if (!is_open()) on_detached();
    return Step::parse;
}

void ComponentConnection::on_handshake(const xml::Element& handshake) {
    const core::ComponentOptions* const mine = options();
    const std::string expected =
        mine ? hex_encode(crypto::sha1(stream_id_ + mine->secret)) : std::string();
    const std::string given = to_lower_ascii(trim(handshake.text()));
    if (expected.empty() || !crypto::constant_time_equal(given, expected)) {
        if (context().refusals().admit(network(), "handshake-failed"))
            logger.warning("handshake-failed", {{"domain", domain_}, {"address", address()}});
        return begin_close(StreamErrorCondition::not_authorized, "wrong secret");
    }
    if (!context().is_home(domain_))
        return begin_close(StreamErrorCondition::reset, "the domain moves: connect again");
    if (!take_place(*mine))
        return begin_close(StreamErrorCondition::conflict, "this component is attached already");
    trust(mine->max_stanza_size);
    transport_->set_keepalive(*mine);
    deadline_ = SteadyTime::max();
    attached_ = true;
    out() += "<handshake/>";
    trace_sent("<handshake/>");
    context().links().attach_component(domain_, this);
    tell_attached();
    context().refusals().tell(logger, domain_, "attached", {{"domain", domain_}});
    context().bus().fire(events::DomainReachable{context(), domain_});
}

/// Which of two stays: usually the newer, as the other's connection is dead and nobody has noticed.
bool ComponentConnection::take_place(const core::ComponentOptions& mine) {
    core::ComponentPort* const older = context().links().component(domain_);
    if (older == nullptr) return true;
    const bool newer_wins = mine.conflict == "newer";
    if (context().refusals().admit(domain_, "already-attached"))
        logger.warning("already-attached", {{"domain", domain_}, {"newer_wins", newer_wins}});
    if (newer_wins) older->give_way();
    return newer_wins;
}

void ComponentConnection::give_way() {
    begin_close(StreamErrorCondition::conflict, "another connection took the component's place");
    on_detached();
}

void ComponentConnection::leave(bool at_once) {
    if (at_once)
        cut("its domain lives elsewhere");
    else
        begin_close(StreamErrorCondition::reset, "the domain moves: connect again");
    on_detached();
}

/// In the order in which they happen here, the home of the domain: here at once, so that who is
/// told that the stream has ended finds it so.
void ComponentConnection::tell_attached() const {
    context().links().note_attached(domain_, attached_);
    context().everywhere(
        [domain = domain_, attached = attached_, here = &context()](core::Context& each) {
            if (&each != here) each.links().note_attached(domain, attached);
        });
}

void ComponentConnection::on_stanza(xml::Document&& element) {
    Result<std::shared_ptr<Stanza>> parsed = Stanza::from_document(std::move(element));
    if (!parsed) return refuse(element.root(), parsed.error());
    const std::shared_ptr<Stanza> stanza = std::move(*parsed);
    if (stanza->from().domain() != domain_) {
        return begin_close(StreamErrorCondition::invalid_from, "'from' is not the component's");
    }
    if (stanza->to().empty()) {
        return begin_close(StreamErrorCondition::improper_addressing, "'to' is missing");
    }
    core::strip_forged_delays(*stanza, context().domains(), domain_);
    core::route_from_outside(context(), window_.admit(context(), weak_from_this(), stanza));
}

void ComponentConnection::refuse(const xml::Element& element, const Error& why) {
    if (why.is(error_code::bad_format)) {
        return begin_close(StreamErrorCondition::unsupported_stanza_type, why.text);
    }
    const auto answer = make_refusal(element, why);
    if (!answer) return;
    context().refusals().on_element(domain_, element, read_error(answer->root()));
    write(answer->root());
}

void ComponentConnection::write(const xml::Element& stanza) {
    framing().append_stanza(out(), stanza, ns::component);
    trace_sent(stanza);
}

bool ComponentConnection::has_room() {
    const core::ComponentOptions* const mine = options();
    return window_.has_room(context().options<core::C2sOptions>()) &&
           window_.keeps_pace(context()) && !waits_for_deliveries(weak_from_this()) &&
           (!mine || waiting_to_be_sent() < static_cast<std::size_t>(mine->max_send_buffer));
}

// --- from the server ----------------------------------------------------------------------------

void ComponentConnection::deliver(core::Envelope envelope) {
    const core::ComponentOptions* const mine = options();
    const bool full =
        mine && waiting_to_be_sent() >= static_cast<std::size_t>(mine->max_send_buffer);
    if (full || !is_open()) {
        const auto condition = full ? StanzaErrorCondition::resource_constraint
                                    : StanzaErrorCondition::service_unavailable;
        return context().router().bounce(std::move(envelope), StanzaError(condition));
    }
    write(envelope.stanza->root());
}

void ComponentConnection::settle(std::uint32_t number, const StanzaError* error,
                                 const Origin& origin) {
    window_.settle(number);
    if (error && is_open())
        if (const auto answer = core::answer_failed(context(), origin, *error))
            write(answer->root());
    go_on_if_paused();
}

// --- StreamConnection ---------------------------------------------------------------------------

const core::ComponentOptions* ComponentConnection::options() const {
    const auto& all = context().config().named<core::ComponentOptions>();
    const auto mine = all.find(domain_);
    return mine == all.end() ? nullptr : &mine->second;
}

/// deliver() and has_room() see to it that the buffer stays below its option.
std::size_t ComponentConnection::max_send_buffer() const {
    return std::numeric_limits<std::size_t>::max();
}

Duration ComponentConnection::send_timeout() const {
    return context().options<core::C2sOptions>().send_timeout;
}

void ComponentConnection::write_header() {
    header_due_ = false;
    stream_id_ = random_token(16);
    const auto& hosts = context().domains().hosts();
    const std::string_view usual = hosts.empty() ? std::string_view() : hosts.front();
    framing().append_header(out(), {.content_ns = ns::component,
                                    .from = options() ? domain_ : usual,
                                    .to = peer_,
                                    .id = stream_id_,
                                    .version = {},
                                    .lang = our_language});
    trace_note("the stream begins");
}

void ComponentConnection::on_detached() {
    if (!std::exchange(attached_, false)) return;
    context().links().detach_component(domain_, this);
    tell_attached();
    context().refusals().tell(logger, domain_, "detached", {{"domain", domain_}});
}

void ComponentConnection::on_deadline() {
    begin_close(StreamErrorCondition::connection_timeout, "no handshake in time");
}

}  // namespace clarion::net
