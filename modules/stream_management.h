// Stream Management (XEP-0198), the conversation: <enable/>, <r/>, <a/>, <resume/>.
//
// What it is about (counters, queue, hibernating, waking) is core's: the stanza path needs it
// (core/accounts/acknowledgements.h, core/accounts/hibernation.h). Here is only what the client
// says and is told, and what it may not say. A session that is resumed is found by its id among
// those of the account that authenticated; so nobody resumes another's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "proto/stanza_error.h"
#include "proto/xml.h"
#include "server/core/setup/module.h"

namespace clarion::stream_management {

/// Of [smacks], beside those of core.
struct LocationOptions {
    std::string location;
    static void declare(OptionTable<LocationOptions>& table);
};

/// What an <enable/> asks for. Attributes that cannot be read count as absent.
struct Enable {
    bool resume = false;
    std::uint32_t max_seconds = 0;  // 0: nothing said
};
Enable read_enable(const xml::Element& enable);

/// Seconds a session may hibernate: `limit` is the most the server grants, `wanted` what the client
/// asked for (0: nothing). 0: it cannot hibernate.
std::uint32_t granted_seconds(Duration limit, std::uint32_t wanted);

/// <enabled/>; with an empty id the session is not resumable. `location`: where to resume it; may
/// be empty.
std::string enabled_xml(std::string_view id, std::uint32_t max_seconds,
                        std::string_view location = {});
/// <resumed/>, in answer to a client that has resumed the session `id`.
std::string resumed_xml(std::string_view id, std::uint32_t handled);
/// <failed/>, with the count of handled stanzas if it is known.
std::string failed_xml(StanzaErrorCondition condition, const std::uint32_t* handled = nullptr);
/// The condition of ours in the stream error for an <a/> that acknowledges more than was sent
/// (section 6).
xml::Document handled_count_too_high(std::uint32_t handled, std::uint32_t sent);

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::stream_management
