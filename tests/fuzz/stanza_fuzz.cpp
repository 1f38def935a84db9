// An element from the network becomes a stanza or is refused; everything that reads or answers
// stanzas is run over it, and what it becomes can be written for every kind of stream.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "proto/data_form.h"
#include "proto/delay.h"
#include "proto/disco_info.h"
#include "proto/forward.h"
#include "proto/hints.h"
#include "proto/ns.h"
#include "proto/rsm.h"
#include "proto/stanza.h"
#include "proto/stanza_id.h"
#include "proto/xml_writer.h"

using namespace clarion;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_written(const xml::Element& element) {
    for (const std::string_view content : {ns::client, ns::server, ns::component}) {
        std::string text;
        xml::write_stanza(text, element, content);
        require(!xml::parse_element(text, content).empty());
    }
    const std::string text = xml::to_string(element);
    const auto again = xml::parse_element(text);
    require(!again.empty() && xml::to_string(again.root()) == text);
}

void run_bricks(xml::Element& root) {
    for (const xml::Element& child : root.children()) {
        if (const auto form = DataForm::from_element(child); form.ok()) {
            xml::Document copy("q", "urn:q");
            form->append_to(copy.root());
            check_written(copy.root());
        }
        if (const auto info = DiscoInfo::from_element(child); info.ok()) {
            xml::Document copy("query", ns::disco_info);
            info->append_to(copy.root());
            check_written(copy.root());
        }
        static_cast<void>(read_rsm(child));
        static_cast<void>(find_forwarded(child));
    }
    static_cast<void>(read_hints(root));
    const Jid account = Jid::trusted("juliet@capulet.lit");
    strip_stanza_id(root, account);
    require(!has_stanza_id(root, account));
    const auto ours = [](std::string_view domain) { return domain == "capulet.lit"; };
    strip_forged_delays(root, Jid::trusted("romeo@montague.lit"), ours);
    require(find_delay(root, "capulet.lit") == nullptr);
}

void check(Stanza& stanza) {
    check_written(stanza.root());
    require(xml::to_string(stanza.clone()->root()) == xml::to_string(stanza.root()));
    if (stanza.is_error()) static_cast<void>(read_error(stanza.root()));
    if (may_answer_with_error(stanza)) {
        const auto answer = make_error(stanza, StanzaErrorCondition::service_unavailable);
        check_written(answer->root());
        require(answer->to() == stanza.from() && answer->id() == stanza.id());
    }
    stanza.set_from(Jid::trusted("juliet@capulet.lit/x"));
    stanza.set_to({});
    run_bricks(stanza.root());
    check_written(stanza.root());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto document = xml::parse_element(text, ns::client);
    if (document.empty()) return 0;
    const auto stanza = Stanza::from_document(std::move(document));
    if (stanza.ok()) {
        check(**stanza);
        return 0;
    }
    require(!document.empty());
    const auto refusal = make_refusal(document.root(), stanza.error());
    if (!refusal) return 0;
    check_written(refusal->root());
    require(Stanza::from_stored(xml::parse_element(xml::to_string(refusal->root()))).ok());
    return 0;
}
