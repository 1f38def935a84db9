// Whatever Jid::parse accepts keeps every promise of jid.h, and is found again by trusted().
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proto/jid.h"
#include "proto/unicode_text.h"

using clarion::Jid;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_part(std::string_view part) { require(part.size() <= Jid::max_part); }

void check(const Jid& jid) {
    require(!jid.empty() && !jid.domain().empty());
    require(clarion::valid_utf8(jid.full()));
    check_part(jid.local());
    check_part(jid.domain());
    check_part(jid.resource());
    require(jid.has_local() == !jid.local().empty());
    require(jid.is_full() == !jid.resource().empty());
    require(jid.bare().find_first_of("/<>'\"& ") == std::string_view::npos);
    require(jid.domain().find('@') == std::string_view::npos);
    require(jid.local().find('@') == std::string_view::npos);

    const Jid again = Jid::trusted(jid.full());
    require(again == jid && again.local() == jid.local() && again.domain() == jid.domain() &&
            again.resource() == jid.resource());
    require(Jid::trusted(jid.bare()) == jid.to_bare());
    const auto ascii = clarion::domain_to_ascii(jid.domain());
    require(ascii.ok());
    for (const char c : *ascii) require(static_cast<unsigned char>(c) < 0x80);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto jid = Jid::parse(text); jid.ok()) {
        check(*jid);
        // Parts that were prepared stay addresses, if not always the same (Unicode 3.2 folding).
        if (const auto twice = Jid::parse(jid->full()); twice.ok()) check(*twice);
        if (const auto other = jid->with_resource(text); other.ok()) check(*other);
    }
    static_cast<void>(clarion::prepare_localpart(text));
    static_cast<void>(clarion::prepare_resource(text));
    return 0;
}
