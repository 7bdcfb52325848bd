#!/bin/sh
# Fetches the Elasticsearch servers that the conformance tests run against into build/elasticsearch/<version>/:
#   lib/                        the server's own jars, from Maven Central
#   modules/transport-netty4/   its HTTP and transport layer, as a module
# 8.19.0 runs on Java 17; 9.1.0 needs Java 21 and is left out where that is missing. Done once; then it does nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${ELASTICSEARCH_BUILD:-$here/../../../build/elasticsearch}

newest_java() {
    for java in java ${JAVA_HOME:+"$JAVA_HOME/bin/java"} /usr/lib/jvm/*/bin/java; do
        "$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' || true
    done | sort -n | tail -n 1
}

install() {
    version=$1 java=$2
    target=$build/$version
    [ -e "$target/complete" ] && return
    if ! command -v mvn >/dev/null; then
        echo "Elasticsearch $version is not fetched: Maven is missing (apt-get install maven)." >&2
        exit 1
    fi
    echo "Fetching Elasticsearch $version (about 40 MB)"
    rm -rf "$target"
    mkdir -p "$target/modules/transport-netty4"
    mvn -q -B -f "$here/server-pom.xml" "-Delasticsearch.version=$version" \
        dependency:copy-dependencies "-DoutputDirectory=$target/lib"
    mvn -q -B -f "$here/transport-pom.xml" "-Delasticsearch.version=$version" \
        dependency:copy-dependencies "-DoutputDirectory=$target/modules/transport-netty4"
    # A class that is there twice is one too many for the module's class loader.
    for jar in "$target/modules/transport-netty4"/*.jar; do
        [ -e "$target/lib/$(basename "$jar")" ] && rm "$jar"
    done
    cat >"$target/modules/transport-netty4/plugin-descriptor.properties" <<END
name=transport-netty4
description=HTTP and transport by Netty
version=$version
elasticsearch.version=$version
java.version=$java
classname=org.elasticsearch.transport.netty4.Netty4Plugin
has.native.controller=false
END
    touch "$target/complete"
}

found=$(newest_java)
if [ "${found:-0}" -lt 17 ]; then
    echo "Elasticsearch is not fetched: Java 17 or newer is missing (apt-get install openjdk-17-jre-headless)." >&2
    exit 1
fi
install 8.19.0 17
[ "$found" -lt 21 ] || install 9.1.0 21
