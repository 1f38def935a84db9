// The modules of clariond_specimen: all that clariond has, and the guestbook.
#include "modules/all.h"
#include "tests/specimen/guestbook.h"

namespace clarion::modules {

std::span<const core::ModuleRow> all() {
    static const auto rows = [] {
        std::vector<core::ModuleRow> all(standard().begin(), standard().end());
        all.push_back(guestbook::row());
        return all;
    }();
    return rows;
}

}  // namespace clarion::modules
