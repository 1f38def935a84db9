#include "server/core/delivery/other_modules.h"

#include <utility>

#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/internals.h"

namespace clarion::core {

Task<IqAnswer> OtherModules::ask(AccountPin account, StanzaPtr request) const {
    return context_.internals().delivery.ask(std::move(account), std::move(request), asking_);
}

}  // namespace clarion::core
