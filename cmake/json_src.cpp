// The bodies of Boost.JSON, compiled once (Debian's library is shared; this saves the dependency).
#include <boost/json/src.hpp>
