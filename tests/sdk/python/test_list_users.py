import pytest
from helpers import (
    ORG_URL,
    PASSWORD,
    links,
    new_profile,
    org,
    password,
    refused,
    unique,
)

LOVELACE = unique("Lovelace")
BABBAGE = unique("Babbage")
FAMILY = f'profile.lastName eq "{LOVELACE}"'
PAGED = f'profile.lastName eq "{BABBAGE}"'


@pytest.fixture(scope="module", autouse=True)
def family():
    """One STAGED user without a department, and one each of four statuses with one. Answers their ids."""

    def create(first_name, status, **attributes):
        profile = new_profile(firstName=first_name, lastName=LOVELACE, **attributes)
        credentials = {"credentials": password(PASSWORD)} if status == "ACTIVE" else {}
        return org.create_user({"profile": profile, **credentials}, activate=status != "STAGED").id

    ids = {
        "Ada": create("Ada", "ACTIVE", department="Engines"),
        "Bea": create("Bea", "STAGED", department="Engines"),
        "Cyd": create("Cyd", "PROVISIONED", department="Looms"),
        "Dan": create("Dan", "STAGED"),
        "Eve": create("Eve", "PROVISIONED", department="Looms"),
    }
    org.deactivate_user(ids["Eve"])
    return ids


@pytest.fixture(scope="module")
def seven():
    names = ["Gus", "Abe", "Fay", "Bob", "Eli", "Col", "Dot"]
    profiles = [new_profile(firstName=name, lastName=BABBAGE) for name in names]
    return sorted(org.create_user({"profile": profile}, activate=False).id for profile in profiles)


def first_names(**query):
    return [user.profile.first_name for user in org.list_users(**query)]


def found(**query):
    return " ".join(sorted(first_names(**query)))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", "Ada Bea Cyd Dan Eve"),
        ('and status eq "STAGED"', "Bea Dan"),
        ('and (status eq "ACTIVE" or status eq "PROVISIONED")', "Ada Cyd"),
        (f'and status eq "ACTIVE" or {FAMILY} and status eq "STAGED"', "Ada Bea Dan"),
        ('and not (status eq "STAGED")', "Ada Cyd Eve"),
        ('and (status lt "STAGED" or status gt "STAGED")', "Ada Cyd Eve"),
        ("and profile.department pr", "Ada Bea Cyd Eve"),
        ("and not (profile.department pr)", "Dan"),
        ('and profile.department sw "eng"', "Ada Bea"),
        ('and profile.firstName co "D"', "Ada Cyd Dan"),
        ('and profile.firstName gt "Cyd"', "Dan Eve"),
        ('and created gt "2020-01-01T00:00:00.000Z"', "Ada Bea Cyd Dan Eve"),
        ('and lastUpdated gt "2999-01-01T00:00:00.000Z"', ""),
    ],
)
def test_list_users_search(condition, expected):
    assert found(search=f"{FAMILY} {condition}") == expected


def test_list_users_search_finds_a_user_by_id(family):
    assert [user.id for user in org.list_users(search=f'id eq "{family["Dan"]}"')] == [family["Dan"]]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_list_users_search_sorts_by_sort_by_in_sort_order(order):
    names = ["Ada", "Bea", "Cyd", "Dan", "Eve"]
    expected = names if order == "asc" else names[::-1]
    assert first_names(search=FAMILY, sort_by="profile.firstName", sort_order=order) == expected


def test_list_users_search_sees_a_change_at_once():
    profile = new_profile(lastName=unique("King"))
    user = org.create_user({"profile": profile}, activate=False)
    search = f'profile.lastName eq "{profile["lastName"]}"'
    assert found(search=search) == "Ada"
    org.partial_update_user(user.id, {"profile": {"firstName": "Augusta"}})
    assert found(search=search) == "Augusta"


@pytest.mark.parametrize(
    "query",
    [
        {"search": "profile.firstName eq"},
        {"search": 'profile.noSuchAttribute eq "x"'},
        {"search": 'profile.department co "x"'},
        {"filter": 'profile.department eq "Looms"'},
        {"filter": 'profile.firstName sw "A"'},
        {"filter": 'not (status eq "ACTIVE")'},
    ],
)
def test_list_users_refuses_criteria_beyond_the_grammar(query):
    with refused(400, "E0000031", "Invalid search criteria."):
        org.list_users(**query)


def test_list_users_filter_finds_by_status_name_and_time_deactivated_users_too():
    assert found(filter=FAMILY) == "Ada Bea Cyd Dan Eve"
    assert found(filter=f'{FAMILY} and (status eq "ACTIVE" or status eq "DEPROVISIONED")') == "Ada Eve"
    assert found(filter=f'{FAMILY} and lastUpdated gt "2999-01-01T00:00:00.000Z"') == ""


def test_list_users_filter_compares_values_letter_case_by_letter_case():
    assert found(filter=f'profile.lastName eq "{LOVELACE.upper()}"') == ""


def test_list_users_refuses_search_and_filter_together():
    with refused(400, "E0000033", "Bad request. Can't specify a search query and filter in the same request."):
        org.list_users(search=FAMILY, filter=FAMILY)


def test_list_users_q_matches_the_beginning_of_names_and_email_deactivated_users_left_out(family):
    assert found(q=LOVELACE.lower()) == "Ada Bea Cyd Dan"
    assert found(q=org.get_user(family["Bea"]).profile.email) == "Bea"
    assert found(q=LOVELACE[1:]) == ""


def test_list_users_q_answers_one_page_of_at_most_limit_users():
    assert [len(page) for page in org.pages(q=LOVELACE, limit=3)] == [3]


def test_list_users_plain_leaves_deactivated_users_out(family):
    listed = {user.id for page in org.pages(limit=200) for user in page}
    assert listed & set(family.values()) == set(family.values()) - {family["Eve"]}


def test_list_users_links_a_listed_user_to_itself_alone(family):
    [listed] = org.list_users(search=f'id eq "{family["Ada"]}"')
    assert links(listed) == {"self": f"{ORG_URL}/api/v1/users/{family['Ada']}"}
    alone = org.get_user(family["Ada"])
    assert repr(listed.profile) == repr(alone.profile)
    assert repr(listed.credentials) == repr(alone.credentials)
    assert listed.last_updated == alone.last_updated


def test_list_users_refuses_a_cursor_that_no_list_gave():
    with refused(400, "E0000029", "Invalid paging request.", ["Invalid cursor."]):
        org.list_users(after="not-a-cursor")


@pytest.mark.parametrize(
    "query",
    [
        {"search": PAGED},
        {"search": PAGED, "sort_by": "profile.firstName", "sort_order": "desc"},
        {"filter": PAGED},
    ],
)
def test_list_users_over_three_pages_yields_every_user_once(seven, query):
    pages = org.pages(limit=3, **query)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(user.id for page in pages for user in page) == seven


def test_list_users_continues_a_sorted_search_in_its_order(seven):
    pages = org.pages(search=PAGED, sort_by="profile.firstName", sort_order="desc", limit=3)
    names = [user.profile.first_name for page in pages for user in page]
    assert names == ["Gus", "Fay", "Eli", "Dot", "Col", "Bob", "Abe"]


def test_list_users_gives_no_page_after_an_exactly_full_one(seven):
    assert [len(page) for page in org.pages(search=PAGED, limit=7)] == [7]


def test_list_users_plain_yields_every_user_once(seven):
    listed = [user.id for page in org.pages(limit=3) for user in page]
    assert len(set(listed)) == len(listed)
    assert sorted(set(listed) & set(seven)) == seven
