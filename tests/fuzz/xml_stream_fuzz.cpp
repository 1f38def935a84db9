// Feeds the same bytes to XmlStream in one piece and in pieces whose sizes the input chooses,
// giving the parser back, keeping the rest and moving pools in between: the events must be the
// same, and whatever is read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "proto/xml_stream.h"
#include "proto/xml_writer.h"

using namespace clarion;
using Event = xml::XmlStream::Event;

namespace {

const xml::Limits limits{2000, 500, 8, 10};

/// Distinguishes runs; which error it was may depend on how the bytes came (a start tag too long
/// that is also not well-formed), so errors are one kind.
std::string describe(xml::XmlStream& stream, Event event) {
    if (event == Event::open) return "open " + stream.header().to + stream.header().content_ns;
    if (event == Event::element) return xml::to_string(stream.take().root());
    return event == Event::close ? "close" : "error";
}

void check_round_trip(const std::string& text) {
    const auto again = xml::parse_element(text);
    if (again.empty() || xml::to_string(again.root()) != text) std::abort();
}

/// Returns false when the stream failed.
bool drain(xml::XmlStream& stream, std::vector<std::string>& events, std::uint8_t choice) {
    for (;;) {
        const Event event = stream.next();
        if (event == Event::need_more) return true;
        events.push_back(describe(stream, event));
        if (event == Event::element) check_round_trip(events.back());
        if (event == Event::error) return false;
        if ((choice & 1) != 0) stream.keep_rest();
    }
}

std::vector<std::string> run_whole(std::string_view bytes) {
    xml::ParserPool pool;
    xml::XmlStream stream(pool, limits);
    std::vector<std::string> events;
    stream.feed(bytes);
    drain(stream, events, 0);
    return events;
}

std::vector<std::string> run_pieces(std::string_view bytes, std::string_view choices) {
    xml::ParserPool here;
    xml::ParserPool there;
    xml::XmlStream stream(here, limits);
    std::vector<std::string> events;
    for (std::size_t step = 0; !bytes.empty(); ++step) {
        const auto choice = choices.empty()
                                ? std::uint8_t{8}
                                : static_cast<std::uint8_t>(choices[step % choices.size()]);
        const std::string piece(bytes.substr(0, std::size_t{1} + (choice >> 3)));
        bytes.remove_prefix(piece.size());
        stream.feed(piece);
        if (!drain(stream, events, choice)) break;
        if ((choice & 2) != 0) stream.release_if_idle();
        if ((choice & 4) != 0) stream.rehome(step % 2 == 0 ? there : here);
    }
    return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = input.empty() ? 0 : std::min<std::size_t>(data[0] % 16, size - 1);
    const std::string_view choices = input.substr(input.empty() ? 0 : 1, cut);
    const std::string_view bytes = input.substr(std::min(size, cut + 1));
    if (run_whole(bytes) != run_pieces(bytes, choices)) std::abort();
    return 0;
}
