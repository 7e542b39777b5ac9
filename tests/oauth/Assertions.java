// Client assertions as Nimbus makes them where nobody says otherwise: as assertions.py says.
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

public class Assertions {
    static String issuer;
    static String client;
    static final List<Map<String, Object>> made = new ArrayList<>();

    static JWTClaimsSet claims() {
        Date now = new Date();
        return new JWTClaimsSet.Builder().issuer(client).subject(client).audience(issuer).jwtID(UUID.randomUUID().toString())
            .issueTime(now).expirationTime(new Date(now.getTime() + 60_000)).build();
    }

    static String signed(JWSHeader header, JWSSigner signer) throws Exception {
        SignedJWT jwt = new SignedJWT(header, claims());
        jwt.sign(signer);
        return jwt.serialize();
    }

    static void add(JWK key, JWSAlgorithm algorithm, JWSSigner signer) throws Exception {
        JWSHeader rich = new JWSHeader.Builder(algorithm).type(JOSEObjectType.JWT).keyID(key.getKeyID()).contentType("json")
            .x509CertSHA256Thumbprint(new Base64URL("AA")).jwk(key.toPublicJWK()).customParam("tenant", "t").build();
        Map<String, Object> one = new HashMap<>();
        one.put("case", "nimbus " + algorithm);
        one.put("jwk", key.toPublicJWK().toJSONObject());
        one.put("assertions", List.of(signed(new JWSHeader(algorithm), signer), signed(rich, signer)));
        made.add(one);
    }

    public static void main(String[] words) throws Exception {
        String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        Map<String, Object> given = JSONObjectUtils.parse(text);
        issuer = JSONObjectUtils.getString(given, "issuer");
        client = JSONObjectUtils.getString(JSONObjectUtils.getJSONObject(given, "clients"), "nimbus");
        ECKey ec = new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).keyUse(KeyUse.SIGNATURE)
            .algorithm(JWSAlgorithm.ES256).issueTime(new Date()).generate();
        add(ec, JWSAlgorithm.ES256, new ECDSASigner(ec));
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("nimbus/rsa 1").keyOperations(Set.of(KeyOperation.SIGN, KeyOperation.VERIFY))
            .generate();
        add(rsa, JWSAlgorithm.RS256, new RSASSASigner(rsa));
        System.out.println(JSONObjectUtils.toJSONString(Map.of("nimbus", made)));
    }
}
