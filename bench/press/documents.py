"""The documents of an invented fraud case, set on sheets. The city, its offices, banks and roads do not exist."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from bench.press.cast import Cast, Person
from bench.press.facts import BANKS, CITY, POLICE, birth_date, grouped, some_day, some_money
from bench.press.sheet import Sheet

_MARGIN = 28.0
_WIDTH = 154.0
_BOTTOM = 262.0


def case_registration(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """受案登记表: a form in a table."""
    victim = cast.victims[0]
    sheet = Sheet("受案登记表", face="serif")
    sheet.print_line(105, 24, "受案登记表", 22, face="serif bold", middle=True)
    sheet.print_line(120, 40, f"临公（经）受案字〔2031〕{chance.randint(100, 999)}号", 12)
    rows = [
        ("案件来源", "扭送人报案", "报案时间", some_day(chance)),
        ("报案人姓名", victim.name, "性别", victim.sex),
        ("出生日期", birth_date(victim), "联系电话", victim.phone),
    ]
    y = sheet.print_table(_MARGIN, 50, (32, 45, 32, 45), rows, 12, 11)
    y = sheet.print_table(
        _MARGIN,
        y,
        (32, 122),
        [
            ("身份证号码", victim.id_number),
            ("现住址", f"{CITY}临溪区望溪路{chance.randint(1, 400)}号{chance.randint(1, 30)}栋"),
            ("涉案账户", f"{chance.choice(BANKS)} {victim.card}"),
            ("涉案金额", f"人民币{some_money(chance)}元"),
        ],
        12,
        11,
    )
    y = sheet.print_line(_MARGIN, y + 5, "简要案情：", 12, face="serif bold")
    y, _ = sheet.print_paragraph(
        _MARGIN,
        y + 1,
        _WIDTH,
        f"{some_day(chance)}，报案人{victim.name}到我局报案称：其在网上认识一名自称投资顾问的人，对方使用手机号码"
        f"{cast.suspects[0].phone}与其联系，以代为理财、保本付息为由，诱使其先后三次向户名为{cast.suspects[0].name}的"
        f"账户{cast.suspects[0].card}转账，共计人民币{some_money(chance)}元。此后对方失去联系，{victim.name}发觉被骗，遂来报案。",
        12,
    )
    y = sheet.print_line(_MARGIN, y + 4, f"受案民警：{cast.police[0].name}    {cast.police[1].name}", 12)
    sheet.print_line(130, y + 16, POLICE, 12)
    sheet.print_line(137, y + 24, some_day(chance), 12)
    sheet.stamp(150, y + 22, POLICE)
    yield sheet


def _statement(
    title: str, subject: Person, cast: Cast, chance: random.Random, exchange: list[tuple[str, str]]
) -> Iterator[Sheet]:
    asked = "犯罪嫌疑人" if subject in cast.suspects else "被询问人"
    sheet = Sheet(title, face="serif")
    sheet.print_line(105, 22, title, 22, face="serif bold", middle=True)
    hour, day = chance.randint(8, 16), some_day(chance)
    y = 40.0
    for text in (
        f"时间：{day}{hour}时{chance.randint(10, 59)}分至{day}{hour + 2}时{chance.randint(10, 59)}分",
        f"地点：{POLICE}执法办案区第{chance.randint(1, 9)}讯问室",
        f"讯问人：{cast.police[0].name}，记录人：{cast.police[1].name}，工作单位：{POLICE}",
        f"{asked}：{subject.name}，{subject.sex}，{birth_date(subject)}出生",
        f"身份证号码：{subject.id_number}，联系电话：{subject.phone}",
        f"户籍所在地：{CITY}临溪区听泉街道{chance.randint(1, 90)}号",
    ):
        y = sheet.print_line(_MARGIN, y, text, 14)
    side = 1
    for question, answer in exchange:
        for text in (f"问：{question}", f"答：{answer}"):
            rest = text
            while rest:
                y, rest = sheet.print_paragraph(_MARGIN, y, _WIDTH, rest, 14, indent=False, bottom=_BOTTOM)
                if y > _BOTTOM:
                    _sign(sheet, subject, side)
                    yield sheet
                    side += 1
                    sheet, y = Sheet(title, face="serif"), 26.0
    _, _ = sheet.print_paragraph(_MARGIN, y, _WIDTH, "以上笔录我看过，和我说的一样。", 14, indent=False)
    _sign(sheet, subject, side)
    yield sheet


def _sign(sheet: Sheet, subject: Person, side: int) -> None:
    sheet.print_line(_MARGIN + 78, 272, subject.name, 18, face="kai")
    sheet.print_line(105, 284, f"第{side}页", 10.5, middle=True)


def interrogation(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """讯问笔录 of the first suspect: questions and answers over two sides."""
    first, second, third = cast.suspects
    victim = cast.victims[1]
    exchange = [
        (
            "我们是侦查人员，现在依法对你进行讯问，你应当如实回答我们的提问，对与本案无关的问题，你有拒绝回答的权利。你听清楚了吗？",
            "听清楚了。",
        ),
        ("你的个人基本情况？", f"我叫{first.name}，高中文化，无业，手机号码{first.phone}，没有受过刑事处罚。"),
        (
            "你因何事被公安机关传唤？",
            f"因为我和{second.name}、{third.name}一起以代为理财的名义骗了别人的钱。{some_day(chance, 2030)}，"
            f"{second.name}找到我，说有一个来钱快的办法，由{second.name}建群拉人，我冒充投资顾问，{third.name}负责提供银行卡和取款，得手之后三个人平分。",
        ),
        (
            "你们使用过哪些银行卡？",
            f"收款用的是我名下的{chance.choice(BANKS)}卡，卡号是{first.card}。后来钱多了，又用{third.name}的卡，卡号{third.card}，"
            "钱到账以后当天就取出来。",
        ),
        (
            f"{victim.name}的钱是怎么骗到的？",
            f"{victim.name}是{second.name}拉进群里的，用的手机号是{victim.phone}。我跟她说项目保本付息，每个月返利百分之三，她先转了"
            f"{some_money(chance)}元，第二次又转了{some_money(chance)}元，都是转到上面那张卡里。后来她要求提现，我们就把她删除了。",
        ),
        (
            "赃款的去向？",
            f"我分到大约{some_money(chance)}元，买手机和还债用掉了，{second.name}拿得最多，具体多少我不清楚。",
        ),
        (
            "微信群是谁建的，群里有哪些人？",
            f"群名叫“澄江财富交流”，是{second.name}建的，群里有四十多人，一半是托。{cast.victims[2].name}和{cast.victims[3].name}"
            f"也是这样被拉进来的，{cast.victims[3].name}的电话我还记得，是{cast.victims[3].phone}。",
        ),
        (
            f"{third.name}是怎么取款的？",
            f"{third.name}每次都骑车去城西的两家营业网点，一次取四五万元，取出来以后到我租的房子里分，账记在一个蓝色封面的本子上。",
        ),
        (
            "现在向你出示从你住处扣押的手机和银行卡，你看一下是否是你的？",
            f"我看过了，黑色手机和尾号{first.card[-4:]}的银行卡是我的，蓝色封面的账本是{second.name}放在我那里的。",
        ),
        ("你对自己的行为有什么认识？", "我知道这样做是违法犯罪，我愿意认罪认罚，也愿意把钱退给他们，请求从轻处理。"),
        ("你还有什么要补充的吗？", "没有了。"),
    ]
    yield from _statement("讯问笔录", first, cast, chance, exchange)


def enquiry(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """询问笔录 of a victim."""
    victim, suspect = cast.victims[0], cast.suspects[0]
    exchange = [
        ("你今天到公安机关有什么事？", "我来报案，我被人以投资理财的名义骗了钱。"),
        (
            "请你把被骗的经过讲一下。",
            f"{some_day(chance, 2030)}，我在微信群“澄江财富交流”里认识一个自称投资顾问的人，后来知道叫{suspect.name}。"
            f"打电话给我用的号码是{suspect.phone}，让我把钱转到卡号{suspect.card}的账户，我前后转了三次，一共{some_money(chance)}元。",
        ),
        ("你用什么账户转的账？", f"我用自己的{chance.choice(BANKS)}卡转的，卡号{victim.card}，转账记录我都保存着。"),
        (
            "你还认识其他受害人吗？",
            f"认识，{cast.victims[2].name}和{cast.victims[3].name}也在群里，{cast.victims[2].name}的电话是{cast.victims[2].phone}。",
        ),
    ]
    yield from _statement("询问笔录", victim, cast, chance, exchange)


def seizure_list(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """扣押清单: a table of things taken."""
    first, second, third = cast.suspects
    sheet = Sheet("扣押清单", face="ming")
    sheet.print_line(105, 24, "扣 押 清 单", 22, face="serif bold", middle=True)
    sheet.print_line(118, 40, f"临公（经）扣字〔2031〕{chance.randint(100, 999)}号", 12)
    rows = [("编号", "名称", "数量", "特征", "备注")]
    things = [
        ("手机", "壹部", f"黑色，号码{first.phone}", first.name),
        ("银行卡", "壹张", f"尾号{first.card[-4:]}", first.name),
        ("银行卡", "壹张", third.card, third.name),
        ("笔记本电脑", "壹台", "银色，外壳有划痕", second.name),
        ("手机", "贰部", f"白色，号码{second.phone}", second.name),
        ("现金", "叁沓", f"人民币{chance.randrange(10, 60)}000元", third.name),
        ("账本", "壹册", "蓝色封面，手写记录", second.name),
        ("U盘", "贰个", "32GB", second.name),
        ("印章", "壹枚", "澄江财富管理部", first.name),
    ]
    rows += [(str(number), *thing) for number, thing in enumerate(things, 1)]
    y = sheet.print_table(_MARGIN - 4, 50, (14, 30, 18, 66, 34), rows, 11, 11)
    y = sheet.print_line(_MARGIN, y + 10, f"物品持有人：{first.name}", 12)
    y = sheet.print_line(_MARGIN, y + 4, f"见证人：{cast.victims[4].name}    联系电话：{cast.victims[4].phone}", 12)
    y = sheet.print_line(_MARGIN, y + 4, f"办案民警：{cast.police[0].name}    {cast.police[1].name}", 12)
    sheet.print_line(130, y + 6, POLICE, 12)
    sheet.print_line(137, y + 14, some_day(chance), 12)
    sheet.stamp(150, y + 12, POLICE)
    yield sheet


def bank_statement(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """银行流水: a wide table in small print, on a landscape sheet."""
    holder = cast.suspects[0]
    bank = chance.choice(BANKS)
    sheet = Sheet("银行流水", size=(297.0, 210.0), face="sans")
    sheet.print_line(148, 14, f"{bank}账户交易明细", 16, face="sans bold", middle=True)
    sheet.print_line(20, 26, f"户名：{holder.name}", 10)
    sheet.print_line(90, 26, f"账号：{holder.card}", 10)
    sheet.print_line(190, 26, "币种：人民币", 10)
    rows: list[tuple[str, ...]] = [
        ("序号", "交易日期", "交易时间", "借贷", "交易金额", "账户余额", "对方户名", "对方账号", "摘要")
    ]
    balance = 0.0
    for number in range(1, 23):
        other = chance.choice(cast.victims)
        amount = chance.randrange(1000, 900_000) / 10
        arrives = number % 4 != 0
        balance = balance + amount if arrives else balance / 10
        rows.append(
            (
                str(number),
                f"2030-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
                f"{chance.randint(8, 20):02}:{chance.randrange(60):02}:{chance.randrange(60):02}",
                "贷" if arrives else "借",
                f"{amount:.2f}",
                f"{balance:.2f}",
                other.name if arrives else holder.name,
                other.card if arrives else "",
                "转账" if arrives else "取现",
            )
        )
    y = sheet.print_table(16, 34, (14, 30, 26, 14, 32, 34, 30, 60, 24), rows, 9, 6.8)
    sheet.print_line(20, y + 3, f"打印柜员：{cast.victims[5].name}    打印日期：{some_day(chance)}", 9)
    yield sheet


def transfer_record(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """转账凭证 and messages, as a telephone prints them."""
    victim, suspect = cast.victims[1], cast.suspects[0]
    sheet = Sheet("转账凭证", face="hei")
    sheet.print_line(105, 26, "电子转账凭证", 18, middle=True)
    y = 42.0
    for label, text in (
        ("付款人", victim.name),
        ("付款账号", grouped(victim.card)),
        ("收款人", suspect.name),
        ("收款账号", grouped(suspect.card)),
        ("转账金额", f"人民币 {some_money(chance)} 元"),
        ("转账时间", f"{some_day(chance, 2030)} {chance.randint(9, 21):02}:{chance.randrange(60):02}"),
        ("联系电话", suspect.phone),
        ("转账附言", "理财本金"),
    ):
        sheet.print_line(_MARGIN + 8, y, label, 12)
        y = sheet.print_line(_MARGIN + 48, y, text, 12) + 3
    y = sheet.print_line(_MARGIN + 8, y + 8, "聊天记录（部分）", 14)
    for speaker, text in (
        (victim.name, "顾问您好，上次说的项目还能参加吗？"),
        (suspect.name, "可以的，今天是最后一天，月息三个点，保本付息。"),
        (victim.name, f"那我再转一笔，还是尾号{suspect.card[-4:]}的卡吗？"),
        (suspect.name, f"对，转完打我电话{suspect.phone}确认。"),
        (victim.name, "已经转过去了，请查收。"),
        (suspect.name, "收到，合同过两天寄给您。"),
    ):
        sheet.print_line(_MARGIN + 8, y + 2, f"{speaker}：", 11)
        y = sheet.print_line(_MARGIN + 32, y + 2, text, 11) + 2
    yield sheet


def expert_opinion(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """鉴定意见通知书: a short notice in a Kai face, with a seal over the signature."""
    sheet = Sheet("鉴定意见通知书", face="kai")
    sheet.print_line(105, 28, POLICE, 18, face="serif bold", middle=True)
    sheet.print_line(105, 40, "鉴定意见通知书", 22, face="serif bold", middle=True)
    sheet.print_line(122, 56, f"临公鉴通字〔2031〕{chance.randint(10, 99)}号", 14)
    y = sheet.print_line(_MARGIN, 70, f"{cast.suspects[0].name}：", 16)
    y, _ = sheet.print_paragraph(
        _MARGIN,
        y,
        _WIDTH,
        f"我局聘请有关人员，对涉案账户{cast.suspects[0].card}、{cast.suspects[2].card}的资金往来进行了司法会计鉴定。"
        f"鉴定意见是：{some_day(chance, 2030)}至{some_day(chance)}，上述账户共收到被害人{cast.victims[0].name}、"
        f"{cast.victims[1].name}、{cast.victims[2].name}等{chance.randint(8, 40)}人转入的资金合计人民币"
        f"{some_money(chance)}元，其中已返还人民币{some_money(chance)}元。",
        16,
    )
    y, _ = sheet.print_paragraph(
        _MARGIN,
        y,
        _WIDTH,
        "根据《中华人民共和国刑事诉讼法》第一百四十八条之规定，如果你对该鉴定意见有异议，可以提出补充鉴定或者重新鉴定的申请。",
        16,
    )
    sheet.print_line(118, y + 16, POLICE, 16)
    sheet.print_line(128, y + 26, some_day(chance), 16)
    sheet.stamp(146, y + 24, POLICE)
    yield sheet


def prosecution_opinion(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """起诉意见书: running text over several sides."""
    first, second, third = cast.suspects
    number = f"临公（经）诉字〔2031〕{chance.randint(100, 999)}号"
    paragraphs = [
        f"犯罪嫌疑人{one.name}，{one.sex}，{birth_date(one)}出生，居民身份证号码{one.id_number}，户籍所在地{CITY}临溪区，无业，"
        f"联系电话{one.phone}。{some_day(chance)}因涉嫌诈骗罪被{POLICE}刑事拘留，同年被依法逮捕，现羁押于{CITY}看守所。"
        for one in cast.suspects
    ]
    paragraphs.append(
        f"犯罪嫌疑人{first.name}、{second.name}、{third.name}诈骗一案，由被害人{cast.victims[0].name}于{some_day(chance)}报案至我局。"
        "我局经过审查，于次日立案进行侦查。犯罪嫌疑人均已被抓获归案，现已侦查终结。"
    )
    paragraphs.append("经依法侦查查明：")
    for order, victim in zip("一二三四五", cast.victims, strict=False):
        paragraphs.append(
            f"{order}、{some_day(chance, 2030)}，犯罪嫌疑人{first.name}冒充投资顾问，使用手机号码{first.phone}与被害人"
            f"{victim.name}（电话{victim.phone}）联系，虚构保本付息的理财项目，骗取{victim.name}从账户{victim.card}"
            f"向{chance.choice((first, third)).card}转账人民币{some_money(chance)}元，"
            f"赃款由{third.name}取出后三人分得。"
        )
    paragraphs.append(
        "认定上述事实的证据如下：受案登记表、被害人陈述、证人证言、犯罪嫌疑人的供述和辩解、银行账户交易明细、扣押清单、电子转账凭证、"
        "聊天记录、鉴定意见等证据证实。上述犯罪事实清楚，证据确实、充分，足以认定。"
    )
    paragraphs.append(
        f"综上所述，犯罪嫌疑人{first.name}、{second.name}、{third.name}以非法占有为目的，虚构事实、隐瞒真相，骗取他人财物，数额特别巨大，"
        "其行为已触犯《中华人民共和国刑法》第二百六十六条之规定，涉嫌诈骗罪。依照《中华人民共和国刑事诉讼法》第一百六十二条之规定，"
        "现将此案移送审查起诉。"
    )
    sheet = Sheet("起诉意见书", face="serif")
    sheet.print_line(105, 26, POLICE, 20, face="serif bold", middle=True)
    sheet.print_line(105, 38, "起诉意见书", 24, face="serif bold", middle=True)
    sheet.print_line(120, 54, number, 14)
    y, side = 66.0, 1
    for paragraph in paragraphs:
        rest, indent = paragraph, True
        while rest:
            y, left = sheet.print_paragraph(_MARGIN, y, _WIDTH, rest, 16, indent=indent, bottom=_BOTTOM)
            indent, rest = left == rest, left
            if y > _BOTTOM:
                sheet.print_line(105, 280, f"- {side} -", 12, middle=True)
                yield sheet
                side += 1
                sheet, y = Sheet("起诉意见书", face="serif"), 30.0
    sheet.print_line(_MARGIN, y + 4, "此致", 16)
    y = sheet.print_line(_MARGIN, y + 14, f"{CITY}临溪区人民检察院", 16)
    sheet.print_line(112, y + 12, POLICE, 16)
    sheet.print_line(128, y + 22, some_day(chance), 16)
    sheet.stamp(146, y + 20, POLICE)
    yield sheet


def arrest_warrant(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """逮捕证: a short form with a large title."""
    suspect = cast.suspects[0]
    sheet = Sheet("逮捕证", face="serif")
    sheet.print_line(105, 30, POLICE, 20, middle=True)
    sheet.print_line(105, 46, "逮 捕 证", 28, face="serif bold", middle=True)
    sheet.print_line(118, 66, f"临公（经）捕字〔2031〕{chance.randint(100, 999)}号", 14)
    y, _ = sheet.print_paragraph(
        _MARGIN,
        82,
        _WIDTH,
        f"根据《中华人民共和国刑事诉讼法》第八十条之规定，经{CITY}临溪区人民检察院批准，兹由我局对涉嫌诈骗罪的{suspect.name}"
        f"（性别{suspect.sex}，出生日期{birth_date(suspect)}，居民身份证号码{suspect.id_number}）执行逮捕，送{CITY}看守所羁押。",
        16,
    )
    sheet.print_line(124, y + 14, POLICE, 16)
    sheet.print_line(132, y + 24, some_day(chance), 16)
    sheet.stamp(150, y + 22, POLICE)
    y = sheet.print_line(_MARGIN, y + 60, f"本证已于{some_day(chance)}向我宣布。", 16)
    sheet.print_line(_MARGIN, y + 8, f"被逮捕人：{suspect.name}", 16, face="kai")
    yield sheet


DOCUMENTS: tuple[Callable[[Cast, random.Random], Iterator[Sheet]], ...] = (
    case_registration,
    interrogation,
    enquiry,
    seizure_list,
    bank_statement,
    transfer_record,
    expert_opinion,
    prosecution_opinion,
    arrest_warrant,
)
