// What a client wants to upload (XEP-0363, "Requesting a slot"): read, and judged as far as its words
// go. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "modules/http_upload/options.h"
#include "modules/http_upload/purpose.h"
#include "proto/stanza.h"

namespace clarion::http_upload {

struct SlotRequest {
    std::string name;
    std::uint64_t size = 0;
    std::string type;  // "image/png", without parameters; empty: it was not said
    Purpose purpose = Purpose::message;
    std::optional<WallTime> expire_before;
};

/// Why a request is refused. With `max_file_size` it says <file-too-large/>, with `again`
/// <retry/>.
struct SlotRefusal {
    StanzaError error;
    std::optional<std::uint64_t> max_file_size{};
    std::optional<WallTime> again{};
};
using SlotVerdict = std::variant<SlotRequest, SlotRefusal>;

SlotVerdict judge_request(const xml::Element& request, const UploadOptions& options, WallTime now);

/// The error stanza that says so.
std::shared_ptr<Stanza> make_refusal(const Stanza& request, const SlotRefusal& refusal);

/// Whether a file may be called that: no path, nothing that a terminal or a header would act on.
bool is_file_name(std::string_view name, std::size_t max_bytes);

}  // namespace clarion::http_upload
