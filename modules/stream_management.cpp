#include "modules/stream_management.h"

#include <algorithm>

#include "proto/ns.h"
#include "proto/sm_queue.h"
#include "proto/stream_error.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/address/partitions.h"
#include "server/core/events/session_events.h"
#include "server/core/events/stream_events.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/streams/c2s_stream.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::stream_management {
namespace {

using Next = core::C2sStream::Next;

bool is_true(std::string_view text) { return text == "true" || text == "1"; }

}  // namespace

// ---- What is said ------------------------------------------------------------------------------

Enable read_enable(const xml::Element& enable) {
    return {.resume = is_true(enable.attr("resume")),
            .max_seconds = sm::parse_count(enable.attr("max")).value_or(0)};
}

std::uint32_t granted_seconds(Duration limit, std::uint32_t wanted) {
    const auto most = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
    const auto granted = static_cast<std::uint32_t>(std::clamp<std::int64_t>(most, 0, UINT32_MAX));
    return wanted == 0 ? granted : std::min(granted, wanted);
}

std::string enabled_xml(std::string_view id, std::uint32_t max_seconds, std::string_view location) {
    xml::Document document("enabled", ns::sm);
    if (!id.empty()) {
        document.root()
            .set_attr("id", id)
            .set_attr("resume", "true")
            .set_attr("max", std::to_string(max_seconds));
        if (!location.empty()) document.root().set_attr("location", location);
    }
    return xml::to_string(document.root());
}

std::string resumed_xml(std::string_view id, std::uint32_t handled) {
    xml::Document document("resumed", ns::sm);
    document.root().set_attr("previd", id).set_attr("h", std::to_string(handled));
    return xml::to_string(document.root());
}

std::string failed_xml(StanzaErrorCondition condition, const std::uint32_t* handled) {
    xml::Document document("failed", ns::sm);
    if (handled) document.root().set_attr("h", std::to_string(*handled));
    document.root().add(name(condition), ns::stanza_errors);
    return xml::to_string(document.root());
}

xml::Document handled_count_too_high(std::uint32_t handled, std::uint32_t sent) {
    xml::Document document("handled-count-too-high", ns::sm);
    document.root()
        .set_attr("h", std::to_string(handled))
        .set_attr("send-count", std::to_string(sent));
    return document;
}

namespace {

/// `from`: the session, or the account that has none yet.
void note_refusal(core::Context& context, const Jid& from, std::string_view condition,
                  std::string_view text = {}) {
    context.refusals().on_request(from.full(), ns::sm, condition, text);
}

void refuse(core::Session& session, std::string_view text) {
    constexpr auto condition = StanzaErrorCondition::unexpected_request;
    note_refusal(session.context(), session.jid(), name(condition), text);
    session.port()->write_xml(failed_xml(condition));
}

// ---- With a session ----------------------------------------------------------------------------

void enable(core::Session& session, const Enable& wanted) {
    if (session.sm()) return refuse(session, "it is enabled already");
    core::Context& context = session.context();
    const std::string_view host = session.account().host();
    Duration limit = context.options<core::SmacksOptions>(host).hibernation_time;
    context.bus().fire(events::HibernationLimit{session.account(), session, limit});
    const std::uint32_t seconds = granted_seconds(limit, wanted.max_seconds);
    const auto& sm = session.enable_sm(wanted.resume && seconds > 0, wanted.max_seconds);
    session.port()->write_xml(
        enabled_xml(sm.id(), seconds, context.options<LocationOptions>(host).location));
}

void close_for_count(core::SessionPort& port, std::uint32_t handled, std::uint32_t sent) {
    port.close(StreamErrorCondition::undefined_condition,
               sm::handled_count_too_high(handled, sent).text,
               &handled_count_too_high(handled, sent).root());
}

/// The client counts differently from us: what it has and has not is no longer known, so the
/// session ends, as if the client had closed its stream.
void end_for_count(core::Session& session, std::uint32_t handled) {
    core::SessionPort& port = *session.port();
    const std::uint32_t sent = session.sm()->sent();
    session.on_stream_closed();
    close_for_count(port, handled, sent);
}

void acknowledge(core::Session& session, const xml::Element& ack) {
    const auto handled = sm::parse_count(ack.attr("h"));
    if (!handled)
        return session.on_bad_xml(StreamErrorCondition::bad_format, "'h' is not a count", false);
    if (!session.sm()->on_ack(*handled)) end_for_count(session, *handled);
}

core::Flow on_element(events::SessionElement& event) {
    const xml::Element& element = event.element;
    core::Session& session = event.session;
    if (element.ns() != ns::sm || !session.port()) return core::Flow::next;
    if (element.name() == "enable")
        enable(session, read_enable(element));
    else if (element.name() == "r" && session.sm())
        session.sm()->on_ack_request();
    else if (element.name() == "a" && session.sm())
        acknowledge(session, element);
    else
        refuse(session, "it is not enabled, or nothing that a client says");
    return core::Flow::stop;
}

// ---- Without one -------------------------------------------------------------------------------

Next refuse(core::Context& context, core::C2sStream& stream, StanzaErrorCondition condition,
            std::string_view text, const std::uint32_t* handled = nullptr) {
    const core::ConnectionInfo peer = stream.port().info();
    if (!stream.authenticated())
        context.refusals().on_request(peer.address, ns::sm, name(condition), text, peer.network);
    else
        note_refusal(context, stream.account(), name(condition), text);
    stream.port().write_xml(failed_xml(condition, handled));
    return Next::read;
}

std::shared_ptr<core::Session> find_by_id(const core::Account& account, std::string_view id) {
    for (const auto& session : account.sessions())
        if (session->may_hibernate() && session->sm()->id() == id) return session;
    return nullptr;
}

/// What its last stanzas caused is waited for, so that the client does not send them again although
/// they have arrived.
Task<Next> refuse_unknown(core::C2sStream& stream, core::AccountPin account, std::string id) {
    core::Context& context = account->context();
    if (const auto ended = account->settling_session(id)) co_await ended->handle_received();
    if (account->gone()) co_return Next::move;
    const auto handled = account->ended_handled(id);
    co_return refuse(context, stream, StanzaErrorCondition::item_not_found,
                     handled ? "the session has ended" : "there is no such session",
                     handled ? &*handled : nullptr);
}

/// The session hibernates on for a client that counts right, but not for ever for one that comes
/// back with the same count each time.
Next refuse_count(core::C2sStream& stream, core::Session& session, std::uint32_t handled) {
    constexpr std::uint8_t most_refused = 3;
    close_for_count(stream.port(), handled, session.sm()->sent() + session.hibernation().queued());
    if (session.sm()->note_count_refused() >= most_refused) session.end(core::SessionEnd::closed);
    return Next::close;
}

/// Hibernation::resume() said no.
Task<Next> refuse_resume(core::C2sStream& stream, core::AccountPin account,
                         std::shared_ptr<core::Session> session, std::uint32_t handled,
                         Error error) {
    if (error.is(error_code::handled_count_too_high))
        co_return refuse_count(stream, *session, handled);
    if (error.is(error_code::item_not_found))
        co_return co_await refuse_unknown(stream, std::move(account), session->sm()->id());
    co_return refuse(account->context(), stream, StanzaErrorCondition::internal_server_error,
                     error.text);
}

/// Who resumes again and again, and never acknowledges what is sent again each time, waits: of many
/// connections that try at the same time one goes on after each pause.
Task<> slow_down(core::Account& account, std::string id) {
    while (const auto session = find_by_id(account, id)) {
        const std::uint8_t before = session->sm()->resumed_in_vain();
        const Duration pause = session->sm()->pause_before_resuming();
        if (pause == Duration::zero()) co_return;
        co_await account.context().shard().sleep(pause);
        if (session->sm()->resumed_in_vain() <= before) co_return;
    }
}

Task<Next> on_resume(core::C2sStream& stream, core::Context& context, const xml::Element& resume) {
    const std::string id(resume.attr("previd"));
    const auto handled = sm::parse_count(resume.attr("h"));
    if (id.empty() || !handled)
        co_return refuse(context, stream, StanzaErrorCondition::bad_request,
                         "'previd' and 'h' are needed");
    auto account = co_await context.accounts().load(std::string(stream.account().bare()));
    if (stream.revoked()) co_return Next::close;
    if (!account && account.error().is(error_code::moved)) co_return Next::move;
    if (!account)
        co_return refuse(context, stream, StanzaErrorCondition::internal_server_error,
                         account.error().text);
    if (!context.partition_table().is_here(storage::partition_of((*account)->id())))
        co_return Next::move;
    co_await slow_down(**account, id);
    if (stream.revoked()) co_return Next::close;
    const auto session = find_by_id(**account, id);
    if (!session) co_return co_await refuse_unknown(stream, std::move(*account), id);
    const auto resumed = co_await session->hibernation().resume(stream.port(), *handled);
    if (!resumed && (*account)->gone()) co_return Next::move;
    if (!resumed)
        co_return co_await refuse_resume(stream, std::move(*account), session, *handled,
                                         resumed.error());
    stream.port().write_xml(resumed_xml(resumed->id, resumed->handled));
    stream.adopt(session);
    session->send_unacknowledged();
    co_return Next::read;
}

/// Section 3: not before a resource is bound, and resuming not before the login.
Task<Next> on_too_early(core::C2sStream& stream, core::Context& context, const xml::Element&) {
    co_return refuse(context, stream, StanzaErrorCondition::unexpected_request,
                     "log in and bind a resource first");
}

void offer(events::StreamFeatures& event) { event.features.add("sm", ns::sm); }

}  // namespace

void LocationOptions::declare(OptionTable<LocationOptions>& t) {
    t.joins("smacks");
    t.add("location", &LocationOptions::location)
        .doc(
            "Where clients should reconnect to resume, as \"host:port\"; empty: nothing is said, "
            "they connect as they always do.");
}

void declare_options(OptionRegistry& registry) { registry.add<LocationOptions>(); }

void install(core::ModuleSetup& setup) {
    setup.on(events::StreamFeatures::Stage::offer, &offer);
    setup.on(events::SessionElement::Stage::handle, &on_element);
    setup.serve_stream(ns::sm, "resume", on_resume);
    for (const auto name : {"enable", "resume", "r", "a"})
        setup.serve_too_early(ns::sm, name, on_too_early);
}

}  // namespace clarion::stream_management
