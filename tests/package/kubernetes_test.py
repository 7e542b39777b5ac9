#!/usr/bin/env python3
"""The chart and the manifests for Kubernetes: valid by the schemas of Kubernetes, restricted by its pod security
standard, and agreeing with the service. The manifests are what the chart renders with its default values. Where there
is no Helm (scripts/install helm), the chart is not rendered, and the output says so. The compose file is read by the
specification's own rules, and the Dockerfile held against what it needs to be."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PYTHON = ROOT / "tests/package/.venv/bin/python3"  # with what requirements.txt names
CHART = ROOT / "deploy/helm/keyledger"
MANIFESTS = ROOT / "deploy/kubernetes"
RENDERED = MANIFESTS / "keyledger.yaml"
HELM = shutil.which("helm") or shutil.which("helm", path=os.path.expanduser(
    os.environ.get("XDG_CACHE_HOME", "~/.cache") + "/keyledger/tools"))
VERSIONS = ("1.27", "1.34")
# A Helm that Go built knows of no newer Kubernetes by itself than of 1.20.
TEMPLATE = ["template", "keyledger", "deploy/helm/keyledger", "--namespace", "keyledger", "--kube-version", "1.34"]
# A value for each switch that is off.
EVERYTHING = """
image: {digest: "sha256:0123456789012345678901234567890123456789012345678901234567890123"}
imagePullSecrets: [{name: registry}]
settings:
  {KEYLEDGER_KAFKA_BROKERS: "kafka:9092", KEYLEDGER_TRUSTED_PROXIES: "10.0.0.0/8", KEYLEDGER_DRAIN_SECONDS: "45"}
ingress: {enabled: true, className: nginx, host: login.example.org, tlsSecretName: certificate, annotations: {a: b}}
serviceMonitor: {enabled: true, labels: {release: prometheus}}
autoscaling: {enabled: true}
networkPolicy: {apiFrom: [{ipBlock: {cidr: 10.0.0.0/8}}]}
nodeSelector: {kubernetes.io/arch: amd64}
tolerations: [{operator: Exists}]
affinity: {nodeAffinity: {}}
podAnnotations: {c: d}
podLabels: {e: f}
priorityClassName: high
stopTimeoutMs: 30001
"""
REFUSED = ["issuer: login.example.com", "issuer: https://login.example.com/", "replicas: 0", "unknown: 1",
           "settings: {KEYLEDGER_DATABASE_URL: secret}", "settings: {KEYLEDGER_KAFKA_PARTITIONS: 12}",
           "settings: {PATH: here}", "image: {repository: a, digest: latest}", "management: {port: 80}"]


def yaml_documents(text):
    import yaml  # of requirements.txt

    return [document for document in yaml.safe_load_all(text) if document]


def manifests():
    return [document for path in sorted(MANIFESTS.glob("*.yaml"))
            for document in yaml_documents(path.read_text(encoding="utf-8"))]


def the(kind, documents):
    found = [document for document in documents if document["kind"] == kind]
    assert len(found) == 1, f"{len(found)} of kind {kind}"
    return found[0]


def pods(documents):
    return [(document["kind"], document["spec"]["template"]["spec"]) for document in documents
            if document["kind"] in ("Deployment", "Job")]


def helm(*words, check=True):
    return subprocess.run([HELM, *words], capture_output=True, text=True, check=check, cwd=ROOT)


def rendered(values=""):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(values)
        file.flush()
        return helm(*TEMPLATE, "--values", file.name, check=False)


class Judged:
    """What holds for manifests, however they were made."""

    def judge(self, documents):
        import kubernetes_validate

        for document in documents:
            name = f"{document['kind']} {document['metadata']['name']}"
            for version in VERSIONS:
                with self.subTest(document=name, version=version):
                    if document["apiVersion"].startswith("monitoring.coreos.com/"):
                        self.assertEqual(document["spec"]["endpoints"][0]["path"], "/metrics")
                    else:
                        kubernetes_validate.validate(document, version, strict=True)
        self.assertEqual({kind for kind, _ in pods(documents)}, {"Deployment", "Job"})
        for kind, pod in pods(documents):
            with self.subTest(pod=kind):
                self.restricted(pod)
                self.secrets_are_closed(pod)

    def restricted(self, pod):
        """The profile `restricted` of the pod security standards, and a file system that nobody writes to."""
        security = pod["securityContext"]
        self.assertEqual((security["runAsNonRoot"], security["seccompProfile"]), (True, {"type": "RuntimeDefault"}))
        self.assertGreater(security["runAsUser"], 0)
        self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(pod))
        self.assertIs(pod["automountServiceAccountToken"], False)
        self.assertTrue(all(set(volume) - {"name"} <= {"configMap", "secret", "emptyDir"} for volume in pod["volumes"]))
        for container in pod["containers"]:
            own = container["securityContext"]
            self.assertEqual((own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"], own["capabilities"]),
                             (False, True, {"drop": ["ALL"]}))
            self.assertIn("memory", container["resources"]["limits"])

    def secrets_are_closed(self, pod):
        """As the service demands of files with secrets: root's, and open to its group alone, which fsGroup sees to."""
        self.assertEqual(pod["securityContext"]["fsGroup"], pod["securityContext"]["runAsUser"])
        secrets = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
        self.assertTrue(secrets)
        self.assertEqual({secret["defaultMode"] for secret in secrets}, {0o400})

    def agreeing_with_the_service(self, documents):
        """Names of settings, ports, paths and times, each where the service has it."""
        known = (ROOT / ".env.example").read_text(encoding="utf-8")
        settings = yaml_documents(the("ConfigMap", documents)["data"]["keyledger.yaml"])[0]
        for name in settings:
            bare = name.removesuffix("_FILE")
            self.assertTrue(f"\n#{name}=" in known or f"\n#{bare}=" in known, name)
        deployment = the("Deployment", documents)
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        self.assertEqual(settings["KEYLEDGER_LISTEN"], f"0.0.0.0:{ports['http']}")
        self.assertEqual(settings["KEYLEDGER_MANAGEMENT_LISTEN"], f"0.0.0.0:{ports['management']}")
        paths = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        routes = (ROOT / "app/serve/management.cpp").read_text(encoding="utf-8")
        for path in (*paths, "/metrics"):
            self.assertIn(f'"{path}"', routes)
        self.assertEqual({container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")},
                         {"management"})
        pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
        stopping = int(settings["KEYLEDGER_STOP_TIMEOUT_MS"]) / 1000
        draining = int(settings.get("KEYLEDGER_DRAIN_SECONDS", 0))
        self.assertGreater(pod["terminationGracePeriodSeconds"], pause + draining + 2 * stopping)
        startup = container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"]
        self.assertGreater(startup, int(settings["KEYLEDGER_START_PATIENCE_SECONDS"]))
        # The image's variables would win over the file.
        dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        for name in re.findall(r"KEYLEDGER_\w+(?==)", dockerfile[dockerfile.rindex("\nFROM "):]):
            self.assertIn({"name": name, "value": ""}, container["env"])
        selector = deployment["spec"]["selector"]["matchLabels"]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        self.assertLessEqual(selector.items(), labels.items())
        job = the("Job", documents)["spec"]["template"]
        self.assertFalse(selector.items() <= job["metadata"]["labels"].items(), "the job would be sent requests")
        mounted = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        owners = {volume["secret"]["secretName"] for volume in job["spec"]["volumes"] if "secret" in volume}
        self.assertEqual((len(mounted), len(owners - mounted)), (1, 1), "the service must not read the owner's URL")


class Manifests(unittest.TestCase, Judged):
    def test_valid_and_restricted(self):
        documents = manifests()
        self.judge(documents)
        labels = the("Namespace", documents)["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")

    def test_agreeing_with_the_service(self):
        self.agreeing_with_the_service(manifests())

    def test_a_wrong_one_would_be_told(self):
        import kubernetes_validate

        deployment = the("Deployment", manifests())
        for change in ({"replicas": "two"}, {"replica": 2}, {"selector": "all"}):
            with self.subTest(change=change), self.assertRaises(kubernetes_validate.ValidationError):
                kubernetes_validate.validate({**deployment, "spec": {**deployment["spec"], **change}}, VERSIONS[-1],
                                             strict=True)

    def test_the_values_fit_their_schema(self):
        import jsonschema

        schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
        values = yaml_documents((CHART / "values.yaml").read_text(encoding="utf-8"))[0]
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(values, schema)
        self.assertEqual(set(values), set(schema["properties"]) - {"global"})
        for text in REFUSED:
            with self.subTest(values=text), self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate({**values, **yaml_documents(text)[0]}, schema)

    def test_the_version_is_the_programs(self):
        version = re.search(r"VERSION (\S+) LANG", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)
        chart = yaml_documents((CHART / "Chart.yaml").read_text(encoding="utf-8"))[0]
        self.assertEqual((chart["version"], chart["appVersion"]), (version, version))


class Chart(unittest.TestCase, Judged):
    def test_lint(self):
        done = helm("lint", "--strict", CHART, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_manifests_are_what_it_renders(self):
        done = rendered()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, RENDERED.read_text(encoding="utf-8"),
                         f"write it anew: helm {' '.join(TEMPLATE)} > {RENDERED.relative_to(ROOT)}")

    def test_everything_switched_on(self):
        done = rendered(EVERYTHING)
        self.assertEqual(done.returncode, 0, done.stderr)
        documents = yaml_documents(done.stdout)
        self.judge(documents)
        self.agreeing_with_the_service(documents)
        kinds = {document["kind"] for document in documents}
        self.assertLessEqual({"Ingress", "ServiceMonitor", "HorizontalPodAutoscaler", "NetworkPolicy"}, kinds)
        self.assertNotIn("replicas", the("Deployment", documents)["spec"])
        self.scraped_as_alerts_have_it(documents)

    def scraped_as_alerts_have_it(self, documents):
        """Prometheus Operator calls a job by the service's name, unless told by which of its labels. An alert about a
        job of another name never fires."""
        monitor = the("ServiceMonitor", documents)["spec"]
        wanted = monitor["selector"]["matchLabels"].items()
        jobs = {document["metadata"]["labels"][monitor["jobLabel"]] for document in documents
                if document["kind"] == "Service" and wanted <= document["metadata"]["labels"].items()}
        alerts = (ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8")
        self.assertEqual(jobs, set(re.findall(r'job="([^"]*)"', alerts)))

    def test_what_the_schema_refuses(self):
        for text in REFUSED:
            with self.subTest(values=text):
                done = rendered(text)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("values don't meet the specifications of the schema", done.stderr)


class Containers(unittest.TestCase):
    def test_compose(self):
        import yaml
        from compose_spec import PyCompose

        document = yaml_documents((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[0]
        PyCompose.from_yaml(yaml.safe_dump(document)).validate()
        broken = {**document, "services": {**document["services"], "kafka": {"image": "a", "networks": ["nowhere"]}}}
        with self.assertRaises(ValueError):
            PyCompose.from_yaml(yaml.safe_dump(broken)).validate()
        services = document["services"]
        for name, service in services.items():
            with self.subTest(service=name):
                for published in service.get("ports", []):
                    self.assertTrue(published.startswith("127.0.0.1:"), "for this machine alone")
                self.assertLessEqual(set(service.get("depends_on", {})), set(services))
        known = (ROOT / ".env.example").read_text(encoding="utf-8")
        for name in services["keyledger"]["environment"]:
            self.assertIn(f"\n#{name}=", known)

    def test_the_image_is_nobodys_root(self):
        text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        runtime = text[text.rindex("\nFROM "):]
        self.assertRegex(runtime, r"\nUSER ([1-9]\d*):\1\n")
        user = re.search(r"\nUSER (\d+):", runtime).group(1)
        values = yaml_documents((CHART / "values.yaml").read_text(encoding="utf-8"))[0]
        self.assertEqual(values["runAsUser"], int(user))
        self.assertIn('HEALTHCHECK --interval=10s --timeout=4s --start-period=60s CMD ["keyledger", "health"]', runtime)
        self.assertNotIn("curl", runtime)


if __name__ == "__main__":
    if not PYTHON.exists():
        sys.exit("its Python packages are not installed: run scripts/install package-tests (scripts/test does)")
    if pathlib.Path(sys.prefix) != PYTHON.parents[1]:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    if not HELM:
        print("There is no Helm here, and the chart was not rendered: scripts/install helm builds it (Go 1.24)")
        del Chart
    unittest.main()
