// A resource server: an API that takes access tokens of Keyledger's, as RFC 9068 says, and answers as RFC 6750 does.
//
//   ISSUER=https://accounts.example AUDIENCE=https://orders.example java -cp 'jars/*' ResourceServer.java
//
// GET /orders is for every application that may ask for AUDIENCE, GET /invoices for those whose user let them see the
// e-mail address. PORT is 8003 unless it is set.
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.function.Function;

public class ResourceServer {
    static final String ISSUER = System.getenv("ISSUER"), AUDIENCE = System.getenv("AUDIENCE");
    static final DefaultJWTProcessor<SecurityContext> PROCESSOR = new DefaultJWTProcessor<>();

    // Type, algorithm, signature by keys that are read when needed and kept for minutes, issuer, audience and times.
    static void configure() throws Exception {
        var found = new DefaultResourceRetriever(5000, 5000).retrieveResource(new URL(ISSUER + "/.well-known/openid-configuration"));
        Map<String, Object> metadata = JSONObjectUtils.parse(found.getContent());
        if (!ISSUER.equals(metadata.get("issuer"))) throw new IllegalStateException(ISSUER + " says that it is another");
        var keys = JWKSourceBuilder.create(new URL((String) metadata.get("jwks_uri"))).retrying(true).build();
        PROCESSOR.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(
            new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt"))); // no ID token
        PROCESSOR.setJWSKeySelector(new JWSVerificationKeySelector<>(Set.of(JWSAlgorithm.ES256, JWSAlgorithm.RS256), keys));
        PROCESSOR.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>(AUDIENCE,
            new JWTClaimsSet.Builder().issuer(ISSUER).build(), Set.of("exp", "iat", "sub", "client_id", "jti")));
    }

    static void answer(HttpExchange exchange, int status, Map<String, Object> body) throws IOException {
        byte[] text = JSONObjectUtils.toJSONString(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, text.length);
        try (var out = exchange.getResponseBody()) { out.write(text); }
    }

    // To whoever has no token only that one is needed (RFC 6750 section 3.1).
    static void refuse(HttpExchange exchange, int status, String error, String more) throws IOException {
        String challenge = "Bearer realm=\"" + AUDIENCE + "\"" + (error.isEmpty() ? "" : ", error=\"" + error + "\"") + more;
        exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
        answer(exchange, status, Map.of("error", error));
    }

    static void serve(HttpExchange exchange, String scope, Function<JWTClaimsSet, Map<String, Object>> next) throws IOException {
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        if (header == null) { refuse(exchange, 401, "", ""); return; }
        try {
            if (!header.regionMatches(true, 0, "Bearer ", 0, 7)) throw new ParseException("no bearer token", 0);
            JWTClaimsSet claims = PROCESSOR.process(header.substring(7).strip(), null);
            String held = claims.getClaim("scope") instanceof String text ? text : "";
            if (scope != null && !List.of(held.split(" ")).contains(scope))
                refuse(exchange, 403, "insufficient_scope", ", scope=\"" + scope + "\"");
            else answer(exchange, 200, next.apply(claims));
        } catch (ParseException | BadJOSEException refused) {
            refuse(exchange, 401, "invalid_token", "");
        } catch (JOSEException error) { // Keyledger's keys can't be read, for which the token isn't to blame
            answer(exchange, 500, Map.of("error", "server_error"));
        }
    }

    public static void main(String[] words) throws Exception {
        configure();
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8003"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/orders", exchange -> serve(exchange, null, claims -> Map.of(
            "orders", List.of("a violin"), "of", claims.getSubject(), "asked_by", claims.getClaim("client_id"))));
        server.createContext("/invoices", exchange -> serve(exchange, "email", claims -> Map.of(
            "invoices", List.of(), "of", claims.getSubject())));
        server.start();
    }
}
