#include "server/net/proxy65/bytestream_options.h"

namespace clarion::net {

namespace {

void declare_rates(OptionTable<BytestreamOptions>& t) {
    t.add("bytes_per_second", &BytestreamOptions::bytes_per_second)
        .min(0)
        .unit("bytes")
        .doc(
            "Passed on in one stream, both directions together, on average; four seconds' worth "
            "may come at once, more is read later. 0: no limit.");
    t.add("bytes_per_second_per_account", &BytestreamOptions::bytes_per_second_per_account)
        .min(0)
        .unit("bytes")
        .doc("The same for all streams of one account. 0: no limit.");
}

void declare_times(OptionTable<BytestreamOptions>& t) {
    using namespace std::chrono_literals;
    t.add("negotiation_timeout", &BytestreamOptions::negotiation_timeout)
        .min(1s)
        .doc("How long a connection may take until it has said which stream it wants.");
    t.add("activation_timeout", &BytestreamOptions::activation_timeout)
        .min(1s)
        .doc("How long it then waits for the stream to be activated.");
    t.add("idle_time", &BytestreamOptions::idle_time)
        .min(1s)
        .doc("A stream that nothing has passed through for this long is ended.");
    t.add("max_duration", &BytestreamOptions::max_duration)
        .min(1s)
        .doc("The longest that a stream may last, however busy it is.");
}

}  // namespace

void BytestreamOptions::declare(OptionTable<BytestreamOptions>& t) {
    t.section(
         "bytestreams",
         "Relaying what two clients send each other, files for one, through the proxies of "
         "[proxy65.\"DOMAIN\"] (XEP-0065): limits of all of them together. Connections come to "
         "[[listen]] type = \"proxy65\".")
        .live();
    t.add("connections_per_address", &BytestreamOptions::connections_per_address)
        .min(0)
        .doc(
            "Connections from one IP address (of IPv6: one /64 network) that may be open at a "
            "time; more are closed at once. 0: no limit.");
    t.add("max_waiting", &BytestreamOptions::max_waiting)
        .min(1)
        .doc(
            "Connections that may wait for their stream to be activated. For one more, the network "
            "that has the most of them loses its oldest.");
    t.add("max_streams", &BytestreamOptions::max_streams)
        .min(1)
        .doc("Streams that may be active at a time; one more is refused with resource-constraint.");
    t.add("max_streams_per_account", &BytestreamOptions::max_streams_per_account)
        .min(1)
        .doc(
            "Those of one account, or of all who are at one other server. An account is the one "
            "that activates the stream.");
    declare_rates(t);
    declare_times(t);
}

}  // namespace clarion::net
