# shellcheck shell=bash
# A private Apache Kafka broker (KRaft, one node) in a directory of its own. The jars come from Maven Central once
# and are kept outside of the clone. Needs common.sh.
#
#   fetch_kafka                 sets KAFKA_LIBS; false, with the reason in KAFKA_PROBLEM, if it can't be had
#   start_kafka DIR [PORT]      sets KAFKA_BROKERS; false, with the reason in KAFKA_PROBLEM
#   secure_kafka DIR            before start_kafka: it then speaks SASL_SSL at that port and SSL at KAFKA_TLS_BROKERS, lets
#                               nobody do what no ACL allows, and has made certificates and passwords in DIR/tls
#   start_kafka_cluster DIR     three brokers, in DIR/1 to DIR/3, which are its controllers, too; sets KAFKA_BROKERS
#   start_kafka_broker DIR/N    one of them again, that was stopped or killed, at the ports it had
#   drop_kafka_cluster DIR
#   kafka_acls DIR ARGUMENT...  kafka-acls, as that broker's administrator
#   stop_kafka DIR
#   drop_kafka DIR              stops it and removes its data

# KEYLEDGER_TEST_KAFKA_VERSION is scripts/matrix's.
readonly KAFKA_VERSION=${KEYLEDGER_TEST_KAFKA_VERSION:-3.9.2} KAFKA_SLF4J_VERSION=1.7.36 KAFKA_MAVEN_PLUGIN_VERSION=3.6.1
readonly KAFKA_CLUSTER_SIZE=3 KAFKA_CLUSTER_HEAP=256m
readonly KAFKA_HEAP=512m KAFKA_START_SECONDS=180 KAFKA_STOP_SECONDS=30
KAFKA_PROBLEM=

kafka_cache() {
    local base=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    if [[ -n $base ]] && mkdir -p "$base/keyledger" 2>/dev/null && [[ -w $base/keyledger ]]; then
        printf '%s' "$base/keyledger"
    else
        printf '%s' "$RUN_DIR"
    fi
}

kafka_problem() {
    # shellcheck disable=SC2034
    KAFKA_PROBLEM=$1
    return 1
}

fetch_kafka() {
    local cache work
    cache=$(kafka_cache)
    KAFKA_LIBS=$cache/kafka-$KAFKA_VERSION
    command -v java >/dev/null || {
        kafka_problem "there is no Java to run it with (openjdk-17-jre-headless); run scripts/install"
        return
    }
    [[ ! -d $KAFKA_LIBS ]] || return 0
    command -v mvn >/dev/null || {
        kafka_problem "there is no Maven to fetch it with; run scripts/install"
        return
    }
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    kafka_pom >"$work/pom.xml"
    if ! with_progress "Fetching Kafka $KAFKA_VERSION from Maven Central (46 MB, once)" "$work/maven.log" \
        mvn --batch-mode --quiet -Dstyle.color=never --strict-checksums --file "$work/pom.xml" \
        "org.apache.maven.plugins:maven-dependency-plugin:$KAFKA_MAVEN_PLUGIN_VERSION:copy-dependencies" \
        -DincludeScope=runtime -DoutputDirectory="$work/libs"; then
        rm -rf "$work"
        kafka_problem "Maven could not fetch it (its words are above)"
        return
    fi
    # A rename is atomic: of two scripts that fetch at once, one wins and both have it.
    mv -T "$work/libs" "$KAFKA_LIBS" 2>/dev/null || [[ -d $KAFKA_LIBS ]]
    rm -rf "$work"
}

kafka_pom() {
    cat <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>keyledger</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>$KAFKA_VERSION</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-reload4j</artifactId>
      <version>$KAFKA_SLF4J_VERSION</version></dependency>
  </dependencies>
</project>
POM
}

# kafka_configure DIR PORT CONTROLLER_PORT [ID VOTERS COPIES]: of a cluster with more brokers than one, which of them it is,
# the controllers, and how many brokers keep Kafka's own topics. Paths are relative to DIR, where the broker runs: no
# character in DIR can spoil a properties file.
kafka_configure() {
    local id=${4:-1} voters=${5:-1@127.0.0.1:$3} copies=${6:-1}
    cat >"$1/server.properties" <<CONF
# Written by scripts/lib/kafka.sh at every start.
process.roles=broker,controller
node.id=$id
controller.quorum.voters=$voters
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3
advertised.listeners=PLAINTEXT://127.0.0.1:$2
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
default.replication.factor=$copies
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$((copies > 1 ? 2 : 1))
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
CONF
    [[ ! -d $1/tls ]] || kafka_configure_securely "$1" "$2" "$3"
    cat >"$1/log4j.properties" <<'CONF'
log4j.rootLogger=WARN, file
log4j.appender.file=org.apache.log4j.RollingFileAppender
log4j.appender.file.File=server.log
log4j.appender.file.MaxFileSize=10MB
log4j.appender.file.MaxBackupIndex=2
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
CONF
}

# The brokers' own listeners are SASL_SSL; the controller's is for this process alone, on a port that nobody is told.
kafka_configure_securely() {
    local dir=$1 tls_port line
    tls_port=$(cat "$dir/tls-port" 2>/dev/null || free_port "$2" "$3")
    printf '%s\n' "$tls_port" >"$dir/tls-port"
    # shellcheck disable=SC2034
    KAFKA_TLS_BROKERS=127.0.0.1:$tls_port
    line=$(sed -e "s|^listeners=PLAINTEXT://|listeners=SSL://127.0.0.1:$tls_port,SASL_SSL://|" \
        -e "s|^advertised.listeners=PLAINTEXT://|advertised.listeners=SSL://127.0.0.1:$tls_port,SASL_SSL://|" \
        -e 's|^listener.security.protocol.map=.*|&,SSL:SSL,SASL_SSL:SASL_SSL|' \
        -e 's|^inter.broker.listener.name=.*|inter.broker.listener.name=SASL_SSL|' "$dir/server.properties")
    printf '%s\n' "$line" >"$dir/server.properties"
    (
        umask 077
        cat >>"$dir/server.properties" <<CONF
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:admin;User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location=tls/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=tls/ca.pem
listener.name.ssl.ssl.client.auth=required
listener.name.ssl.ssl.principal.mapping.rules=RULE:^CN=([a-z]+).*$/\$1/,DEFAULT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
 username="admin" password="$(cat "$dir/tls/admin.password")" user_admin="$(cat "$dir/tls/admin.password")" \
 user_keyledger="$(cat "$dir/tls/keyledger.password")";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule \
 required unsecuredLoginStringClaim_sub="nobody";
CONF
    )
}

# A CA, a certificate for the broker and one for a client called keyledger, and a password for each of three users.
secure_kafka() {
    local tls=$1/tls name
    [[ ! -d $tls ]] || return 0
    command -v openssl >/dev/null || die "there is no openssl to make certificates with; run scripts/install"
    (
        umask 077
        mkdir -p "$tls.new"
        cd "$tls.new" || exit
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=tests \
            -addext basicConstraints=critical,CA:TRUE 2>/dev/null
        for name in broker keyledger; do
            openssl req -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=$name" 2>/dev/null
            openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out "$name.crt" \
                -extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:localhost') 2>/dev/null
        done
        cat broker.key broker.crt ca.pem >broker.pem
        printf '%s\n' security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.username=admin "ssl.ca.location=$tls/ca.pem" \
            >admin.properties
        for name in admin keyledger consumer; do head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$name.password"; done
        printf 'sasl.password=%s\n' "$(cat admin.password)" >>admin.properties
        printf '%s\n' security.protocol=SASL_SSL sasl.mechanism=PLAIN ssl.truststore.type=PEM \
            ssl.truststore.location=tls/ca.pem >admin-java.properties
        printf 'sasl.jaas.config=%s required username="admin" password="%s";\n' \
            org.apache.kafka.common.security.plain.PlainLoginModule "$(cat admin.password)" >>admin-java.properties
    )
    mv -T "$tls.new" "$tls"
}

kafka_acls() {
    local dir=$1
    shift
    fetch_kafka || return
    (cd "$dir" && java -Xmx128m -XX:TieredStopAtLevel=1 -Dlog4j.configuration=file:log4j.properties \
        -cp "$KAFKA_LIBS/*" kafka.admin.AclCommand --bootstrap-server "127.0.0.1:$(cat port)" \
        --command-config tls/admin-java.properties "$@") </dev/null
}

# A cluster id is 16 random bytes in base64url; Kafka refuses none, but one that starts with a dash reads as an option.
kafka_cluster_id() { printf 'K%s' "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c2-22)"; }

# kafka_format DIR [CLUSTER_ID]
kafka_format() {
    local dir=$1 cluster=${2:-} name scram
    local -a users=()
    [[ ! -f $dir/data/meta.properties ]] || return 0
    rm -rf "$dir/data"
    [[ -n $cluster ]] || cluster=$(kafka_cluster_id)
    [[ ! -d $dir/tls ]] || for name in keyledger consumer; do
        for scram in SCRAM-SHA-256 SCRAM-SHA-512; do
            users+=(--add-scram "$scram=[name=$name,password=$(cat "$dir/tls/$name.password")]")
        done
    done
    (cd "$dir" && java -Xmx128m -XX:TieredStopAtLevel=1 -Dlog4j.configuration=file:log4j.properties -cp "$KAFKA_LIBS/*" \
        kafka.tools.StorageTool format --cluster-id "$cluster" --config server.properties "${users[@]}") \
        >"$dir/format.log" 2>&1 </dev/null 8>&- 9>&-
}

kafka_alive() { process_alive "$1/pid"; }

kafka_answers() {
    local -a how=()
    kafka_alive "$1" || return 0 # no use in waiting longer: the caller looks again
    [[ ! -d $1/tls ]] || how=(-F "$1/tls/admin.properties")
    port_taken "$2" && kcat "${how[@]}" -L -b "127.0.0.1:$2" -m 2 >/dev/null 2>&1
}

start_kafka() {
    local dir=$1 wanted=${2:-} port controller last
    fetch_kafka || return
    ! kafka_alive "$dir" || die "Kafka is already running in $dir"
    mkdir -p "$dir"
    last=$(cat "$dir/port" 2>/dev/null || true)
    for _ in {1..5}; do
        port=${wanted:-${last:-$(free_port)}}
        last=
        controller=$(free_port "$port")
        if port_taken "$port"; then
            [[ -z $wanted ]] || die "port $port is in use; choose another for Kafka (--kafka-port PORT)"
            continue
        fi
        kafka_configure "$dir" "$port" "$controller"
        kafka_format "$dir" || {
            tail -n 10 "$dir/format.log" >&2
            kafka_problem "its storage could not be formatted in $dir"
            return
        }
        : >"$dir/console.log"
        kafka_launch "$dir"
        await "$KAFKA_START_SECONDS" kafka_answers "$dir" "$port" || true
        if kafka_alive "$dir" && kafka_answers "$dir" "$port"; then
            printf '%s\n' "$port" >"$dir/port"
            # shellcheck disable=SC2034
            KAFKA_BROKERS=127.0.0.1:$port
            return 0
        fi
        stop_kafka "$dir"
        grep -qsi 'address already in use\|BindException' "$dir/console.log" "$dir/server.log" || break
    done
    tail -qn 10 "$dir/console.log" "$dir/server.log" >&2 || true
    kafka_problem "the broker did not start; its log is $dir/server.log"
}

# kafka_launch DIR [HEAP]
kafka_launch() {
    spawn "$1/pid" "$1/console.log" --chdir="$1" java "-Xmx${2:-$KAFKA_HEAP}" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
        -Dlog4j.configuration=file:log4j.properties -cp "$KAFKA_LIBS/*" kafka.Kafka server.properties
}

stop_kafka() { stop_process "$1/pid" Kafka "$KAFKA_STOP_SECONDS"; }

drop_kafka() {
    stop_kafka "$1"
    rm -rf "$1"
}

# ---- Three brokers -----------------------------------------------------------------------------------

start_kafka_cluster() {
    local dir=$1 id attempt
    fetch_kafka || return
    mkdir -p "$dir"
    for attempt in 1 2 3; do
        kafka_cluster_configure "$dir" || return
        for ((id = 1; id <= KAFKA_CLUSTER_SIZE; id++)); do kafka_launch "$dir/$id" "$KAFKA_CLUSTER_HEAP"; done
        if kafka_cluster_answers "$dir"; then
            # shellcheck disable=SC2034
            KAFKA_BROKERS=$(cat "$dir"/[0-9]/port | sed 's/^/127.0.0.1:/' | paste -sd,)
            return 0
        fi
        if ((attempt == 3)) || ! grep -qsi 'address already in use\|BindException' "$dir"/[0-9]/{console,server}.log; then
            break
        fi
        drop_kafka_cluster "$dir"
        mkdir -p "$dir"
    done
    tail -qn 10 "$dir"/[0-9]/{console,server}.log >&2 || true
    kafka_problem "the brokers did not start; their logs are $dir/N/server.log"
}

# Ports and an id are chosen once: voters name the ports of one another.
kafka_cluster_configure() {
    local dir=$1 id cluster voters=''
    local -a ports=()
    cluster=$(kafka_cluster_id)
    for ((id = 0; id < 2 * KAFKA_CLUSTER_SIZE; id++)); do ports+=("$(free_port "${ports[@]}")"); done
    for ((id = 1; id <= KAFKA_CLUSTER_SIZE; id++)); do
        voters+=,$id@127.0.0.1:${ports[KAFKA_CLUSTER_SIZE + id - 1]}
    done
    for ((id = 1; id <= KAFKA_CLUSTER_SIZE; id++)); do
        mkdir -p "$dir/$id"
        kafka_configure "$dir/$id" "${ports[id - 1]}" "${ports[KAFKA_CLUSTER_SIZE + id - 1]}" "$id" "${voters#,}" \
            "$KAFKA_CLUSTER_SIZE"
        printf '%s\n' "${ports[id - 1]}" >"$dir/$id/port"
        kafka_format "$dir/$id" "$cluster" || {
            tail -n 10 "$dir/$id/format.log" >&2
            kafka_problem "its storage could not be formatted in $dir/$id"
            return
        }
    done
}

# Each broker alone knows a cluster only once the controllers have chosen one of them.
kafka_cluster_answers() {
    local id
    for ((id = 1; id <= KAFKA_CLUSTER_SIZE; id++)); do
        await "$KAFKA_START_SECONDS" kafka_answers "$1/$id" "$(cat "$1/$id/port")" || return
        kafka_alive "$1/$id" || return
    done
}

start_kafka_broker() {
    local dir=$1
    fetch_kafka || return
    ! kafka_alive "$dir" || die "that broker is already running in $dir"
    [[ -f $dir/server.properties ]] || die "there is no broker of a cluster in $dir"
    kafka_launch "$dir" "$KAFKA_CLUSTER_HEAP"
    if await "$KAFKA_START_SECONDS" kafka_answers "$dir" "$(cat "$dir/port")" && kafka_alive "$dir"; then return 0; fi
    tail -qn 10 "$dir/console.log" "$dir/server.log" >&2 || true
    kafka_problem "the broker did not start; its log is $dir/server.log"
}

drop_kafka_cluster() {
    local id
    for ((id = 1; id <= KAFKA_CLUSTER_SIZE; id++)); do stop_kafka "$1/$id"; done
    rm -rf "$1"
}
