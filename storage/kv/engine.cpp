#include "storage/kv/engine.h"

namespace clarion::storage {

const char* table_name(Table table) {
    switch (table) {
        case Table::meta: return "meta";
        case Table::names: return "names";
        case Table::owners: return "owners";
        case Table::archive: return "archive";
        case Table::log: return "log";
        case Table::offline: return "offline";
        case Table::queues: return "queues";
        case Table::online: return "online";
        case Table::deadlines: return "deadlines";
        case Table::spool: return "spool";
        case Table::deleting: return "deleting";
        case Table::unreferenced: return "unreferenced";
        case Table::pending_publishes: return "pending_publishes";
        case Table::module_data: return "module_data";
    }
    return "";
}

}  // namespace clarion::storage
