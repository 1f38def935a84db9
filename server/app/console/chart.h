// A small chart: how a figure went over a day, as SVG.
#pragma once

#include <span>
#include <string_view>

#include "server/core/http/html.h"

namespace clarion::app {

/// From left (oldest) to right; what is not a number is a gap. Says least and most for who cannot
/// see it.
core::Html chart(std::string_view title, std::string_view unit, std::span<const float> values);

}  // namespace clarion::app
