#include "tools/clarionctl/import.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <iostream>
#include <utility>

namespace clarion::ctl {

namespace json = boost::json;

namespace {

constexpr std::size_t slice = 1000;

void complain(Imported& so_far, const std::string& where, const std::string& text) {
    std::cerr << where << ": " << text << '\n';
    ++so_far.problems;
}

Result<> send(const AdminClient& client, json::array users, Imported& so_far) {
    if (users.empty()) return {};
    const auto result = client.ask("user/import", {{"users", std::move(users)}});
    if (!result) return result.error();
    const auto& said = result->as_object();
    so_far.created += said.at("created").to_number<std::int64_t>();
    for (const auto& jid : said.at("existing").as_array())
        complain(so_far, jid.as_string().c_str(), "exists already");
    for (const auto& user : said.at("refused").as_array())
        complain(so_far, user.at("jid").as_string().c_str(), user.at("text").as_string().c_str());
    return {};
}

}  // namespace

Result<Imported> import_users(const AdminClient& client, const std::string& path) {
    std::ifstream file;
    if (path != "-") file.open(path);
    std::istream& in = path == "-" ? std::cin : file;
    if (!in) return fail("usage", "cannot read " + path);
    Imported so_far;
    json::array users;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line.front() == '#') continue;
        const auto tab = line.find('\t');
        if (tab == std::string::npos || tab + 1 == line.size()) {
            complain(so_far, path + ':' + std::to_string(number),
                     "expected localpart@domain<TAB>password");
            continue;
        }
        users.push_back({{"jid", line.substr(0, tab)}, {"password", line.substr(tab + 1)}});
        if (users.size() < slice) continue;
        if (auto sent = send(client, std::exchange(users, {}), so_far); !sent) return sent.error();
    }
    if (auto sent = send(client, std::move(users), so_far); !sent) return sent.error();
    return so_far;
}

}  // namespace clarion::ctl
