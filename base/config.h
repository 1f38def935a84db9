// Config: the options of one configuration file, as the structs that declared them.
//
//     Result<std::shared_ptr<const Config>> config = load_config(registry, "/etc/clarion.toml");
//     const SmacksOptions& smacks = (*config)->get<SmacksOptions>("example.org");
//
// Immutable once loaded and shared by all threads; a reload loads another one, and diff() says what
// changed. References live as long as the Config, so keep the shared_ptr, or copy the struct.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/option.h"
#include "base/result.h"

namespace clarion {

struct OptionChange;

class Config {
public:
    /// The values of [section], with those of [host."HOST".section] over them if there are any.
    /// One index and, for a host, one hash lookup. REQUIRES: T is in the registry, as a section.
    template <class T>
    const T& get(std::string_view host = {}) const {
        return *static_cast<const T*>(find(option_type_id<T>(), host));
    }
    /// Name -> T, ordered by name. REQUIRES: T is in the registry, as named.
    template <class T>
    const std::map<std::string, T>& named() const {
        return *static_cast<const std::map<std::string, T>*>(find(option_type_id<T>(), {}));
    }
    /// In the order of the file. REQUIRES: T is in the registry, as a list.
    template <class T>
    const std::vector<T>& list() const {
        return *static_cast<const std::vector<T>*>(find(option_type_id<T>(), {}));
    }

    /// The domains the file has [host."..."] tables for.
    const std::vector<std::string>& hosts() const { return hosts_; }
    const std::string& filename() const { return filename_; }
    /// Where the file sets an option or begins a table, by the names that OptionChange has
    /// (`tls.certificate`, `listen[0]`); 0: not in the file.
    int line_of(std::string_view path) const;

private:
    friend class ConfigBinder;
    friend class ConfigReload;
    friend std::vector<OptionChange> diff(const Config& old, const Config& now);

    struct StringHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    struct Section {
        std::shared_ptr<void> base;
        std::unordered_map<std::string, std::shared_ptr<void>, StringHash, std::equal_to<>> hosts;
        std::vector<std::string> names;  // of a named section
    };
    /// A value as diff() compares it.
    struct Shown {
        std::string text;
        bool live;
        bool secret;
        bool operator==(const Shown&) const = default;
    };

    const void* find(std::size_t type_id, std::string_view host) const;

    std::string filename_;
    std::vector<Section> sections_;  // by option_type_id
    std::vector<std::string> hosts_;
    std::map<std::string, Shown> shown_;  // by "smacks.hibernation_time"
    std::map<std::string, int, std::less<>> lines_;
};

/// Reads and checks the file. Everything wrong with it is reported at once: the error's text has
/// one "FILE:LINE: ..." per line.
Result<std::shared_ptr<const Config>> load_config(const OptionRegistry& registry,
                                                  const std::string& path);
/// The same for a text; relative paths in it count from the directory of `filename`.
Result<std::shared_ptr<const Config>> parse_config(const OptionRegistry& registry,
                                                   std::string_view text,
                                                   const std::string& filename);

/// One option that differs; `before` and `after` are as in the file, empty if not set there, and
/// "(hidden)" for secrets. Of a table that came or went with all its options: the table alone, with
/// "(the table)" where it is.
struct OptionChange {
    std::string path;  ///< smacks.hibernation_time, host."example.org".mam.default, listen[0].port
    std::string before;
    std::string after;
    bool live;     ///< false: takes a restart
    int line = 0;  ///< of the file that was read anew; 0: it has no such line
};

std::vector<OptionChange> diff(const Config& old, const Config& now);

/// What a server runs with after a reload: `running`, with those options as `fresh` has them that
/// may change while it runs. All others keep their values, whoever asks for them and when: half of
/// the server would take the new one and half keep the old. diff(running, fresh) says which.
/// REQUIRES: both were read with this registry.
std::shared_ptr<const Config> reloaded(const OptionRegistry& registry, const Config& running,
                                       const Config& fresh);

}  // namespace clarion
