"""testinfra's own ssh backend and ours, asked the same on the same server, give the same answers.

The questions are those of testinfra's documentation, module by module, on things that every test machine has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.transport.differential.conftest import both

if TYPE_CHECKING:
    from tests.transport.differential.conftest import Pair, Sample

PROPERTIES = {
    "host.file(at / '{}')": (
        "text program folder link dangling pipe socket nothing",
        "exists is_file is_directory is_symlink is_pipe is_socket is_executable linked_to user group mode size mtime",
    ),
    "host.file(at / '{}') ": ("text empty program link", "content content_string md5sum sha256sum"),
    "host.user('{}')": (
        "root no-such-user",
        "exists uid gid group gids groups home shell gecos expiration_date password_max_days password_min_days",
    ),
    "host.group('{}')": ("root no-such-group", "exists gid members"),
    "host.package('{}')": ("bash coreutils no-such-package", "is_installed version release"),
    "host.interface('{}')": ("lo no-such0", "exists speed addresses link"),
    "host.mount_point('{}')": ("/ /proc /no/mount", "exists device filesystem options"),
    "host.addr('{}')": (
        "localhost no-such-name.invalid",
        "is_resolvable ip_addresses ipv4_addresses ipv6_addresses namespace_exists",
    ),
    "host.system_info": ("-", "type distribution release codename arch"),
    "host.user()": ("-", "name get_all_users get_local_users"),
    "host.group('any')": ("-", "get_all_groups get_local_groups"),
}


"""Objects of testinfra's documentation: names, and what is asked of each."""
OBJECTS = {
    pattern.format(name): properties.split()
    for pattern, (names, properties) in PROPERTIES.items()
    for name in names.split()
}
EXPRESSIONS = r"""
host.file('/etc/passwd').contains('root')
host.file('/etc/passwd').contains('^no such pattern$')
host.file('/etc/passwd').mode == 0o644
host.file('/var/lock').linked_to
host.file(at / 'bytes').content
host.file(at / 'text') == host.file(at / 'text')
host.file(at / "a name with 'quotes' and $HOME").content_string
sorted(host.file(at / 'folder/..').listdir())
processes(host.process.filter(comm='sleep', pid=at.process, ppid=at.parent))
processes(host.process.filter(user='root', pid=1))
processes(host.process.filter(comm='no-such-program'))
host.process.get(pid=1).comm
host.socket(f'tcp://127.0.0.1:{at.port}').is_listening
host.socket(f'tcp://127.0.0.2:{at.port}').is_listening
host.socket(f'tcp://{at.port}').is_listening
host.socket(f'tcp://:::{at.port}').is_listening
host.socket('tcp://127.0.0.1:9').is_listening
host.socket('tcp://127.0.0.1:9').clients
host.socket('unix:///no/such.sock').is_listening
f'tcp://127.0.0.1:{at.port}' in host.socket.get_listening_sockets()
host.interface('lo', 'inet').addresses
host.interface('lo').routes()
host.interface.names()
str(host.interface.default())
mounts(host.mount_point.get_mountpoints())
host.sysctl('kernel.ostype')
host.sysctl('kernel.pid_max')
[host.environment().get(name) for name in ('HOME', 'USER', 'SHELL')]
ran(host.run('ls /; echo words >&2; exit 7'))
ran(host.run("printf '%%s|' %s %s", 'a b', "c'd$e\n"))
ran(host.run('true'))
ran(host.run('printf %s', '서울'))
ran(host.run("printf '\\n\\nx\\n\\n'"))
ran(host.run("echo a b c | cut -d' ' -f2; false"))
ran(host.run('x=1; export x; cd /proc')) and ran(host.run('echo $x; pwd'))
ran(host.run("head -c 3000000 /dev/zero | tr '\\0' x"))
ran(host.command('echo %s', 'x'))
host.run('no-such-program').rc
host.run('exit 254').exit_status
(host.run('true').succeeded, host.run('false').failed)
host.run_expect([3], 'exit 3').rc
(host.run_test('true').rc, host.run_test('false').rc)
host.check_output('echo %s; echo', 'a')
(host.exists('sh'), host.exists('no-such-program'))
host.find_command('sh')
""".strip().splitlines()
WITHOUT_ANSWER = r"""
host.file(at / 'folder').content
host.file(at / 'nothing').content
host.file(at / 'nothing').listdir()
host.process.get(comm='no-such-program')
host.socket('carrier-pigeon://1').is_listening
host.sysctl('no.such.key')
host.block_device('/dev/no-such-disk').size
host.run_expect([0, 1], 'exit 3')
host.run_test('exit 2')
host.check_output('false')
host.pip.get_packages(pip_path='/no/such/pip')
host.supervisor('nothing', '/no/such/supervisorctl').is_running
host.ansible('setup')
""".strip().splitlines()


@pytest.mark.parametrize("about", OBJECTS)
def test_every_property_is_testinfras_own(about: str, pair: Pair, sample: Sample) -> None:
    answers = {each: both(f"{about}.{each}", pair, sample) for each in OBJECTS[about]}
    assert "answer" in {kind for (kind, _), _ in answers.values()}
    assert {each: ours for each, (_, ours) in answers.items()} == {
        each: theirs for each, (theirs, _) in answers.items()
    }


@pytest.mark.parametrize("question", EXPRESSIONS)
def test_the_answer_is_testinfras_own(question: str, pair: Pair, sample: Sample) -> None:
    theirs, ours = both(question, pair, sample)
    assert theirs[0] == "answer"
    assert ours == theirs


@pytest.mark.parametrize("question", WITHOUT_ANSWER)
def test_what_testinfra_cannot_answer_is_no_answer_of_ours(question: str, pair: Pair, sample: Sample) -> None:
    theirs, ours = both(question, pair, sample)
    assert theirs[0] != "answer"
    assert ours == theirs


def test_the_questions_are_many() -> None:
    assert sum(map(len, OBJECTS.values())) + len(EXPRESSIONS) > 200
